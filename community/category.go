package community

// DefaultCategory is what peers assume where nothing is said.
const DefaultCategory = "MEETING"

// Categories are those of FEP-8a8e and of Mobilizon, which lack one another's
// newest; WireCategory maps to what all of them know.
var Categories = []string{
	"MEETING", "ARTS", "AUTO_BOAT_AIR", "BOOK_CLUBS", "BUSINESS", "CAUSES", "CLIMATE_ENVIRONMENT", "COMEDY", "COMMUNITY",
	"CRAFTS", "CREATIVE_JAM", "DIY_MAKER_SPACES", "FAMILY_EDUCATION", "FASHION_BEAUTY", "FESTIVALS", "FILM_MEDIA",
	"FOOD_DRINK", "GAMES", "HEALTH", "INCLUSIVE_SPACES", "LANGUAGE_CULTURE", "LEARNING", "LGBTQ",
	"MEDITATION_WELLBEING", "MOVEMENTS_POLITICS", "MUSIC", "NETWORKING", "OUTDOORS_ADVENTURE", "PARTY",
	"PERFORMING_VISUAL_ARTS", "PETS", "PHOTOGRAPHY", "SCIENCE_TECH", "SPIRITUALITY_RELIGION_BELIEFS", "SPORTS", "THEATRE",
	"WORKSHOPS_SKILL_SHARING",
}

// WireCategory maps a category to the nearest of the 30 that Mobilizon,
// WordPress and FEP-8a8e all know.
func WireCategory(c string) string {
	switch c {
	case "CLIMATE_ENVIRONMENT":
		return "CAUSES"
	case "CREATIVE_JAM":
		return "ARTS"
	case "DIY_MAKER_SPACES", "WORKSHOPS_SKILL_SHARING":
		return "LEARNING"
	case "FESTIVALS":
		return "PARTY"
	case "INCLUSIVE_SPACES":
		return "COMMUNITY"
	case "MEDITATION_WELLBEING":
		return "SPIRITUALITY_RELIGION_BELIEFS"
	}
	return c
}
