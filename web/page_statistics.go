package web

import (
	"net/http"

	"konfa/community"
)

// statisticsPath is where the stewards see how the city does.
const statisticsPath = "/desk/statistics"

// statisticsMonths is how many months are shown.
const statisticsMonths = 12

// statisticsPage is how the city does.
type statisticsPage struct {
	Facts       []string
	Conferences *plot
	Guests      *plot
	Newcomers   *plot
	Months      []monthView
	Nothing     bool
	Empty       empty
}

// monthView is a month in numbers.
type monthView struct{ Name, Conferences, Guests, CheckedIn, New, Returned string }

// statistics shows how the city does: GET /desk/statistics.
func (s *Server) statistics(w http.ResponseWriter, r *http.Request, v *viewer) error {
	st, err := s.node.Statistics(r.Context(), v.by(), statisticsMonths)
	if err != nil {
		return err
	}
	followers, err := s.store.CountFollowers(r.Context(), community.CityActor)
	if err != nil {
		return err
	}
	p := statisticsPage{Nothing: st.Conferences == 0 && st.Guests == 0, Empty: empty{v.T("statistics.none"), v.T("statistics.none_text")}}
	p.Facts = []string{v.N("statistics.conferences", st.Conferences), v.N("statistics.guests", st.Guests), v.N("statistics.new", st.New), v.N("statistics.returned", st.Returned), v.N("statistics.followers", followers)}
	var confs, guests, news []series
	for _, m := range st.Months {
		name := v.month(m.First)
		short := v.T("month_short." + itoa(int(m.First.Month())))
		p.Months = append(p.Months, monthView{name, itoa(m.Conferences), itoa(m.Guests), itoa(m.CheckedIn), itoa(m.New), itoa(m.Returned)})
		confs = append(confs, series{short, m.Conferences, 0, name + ": " + v.N("statistics.conferences", m.Conferences)})
		guests = append(guests, series{short, m.Guests, m.CheckedIn, name + ": " + v.N("statistics.guests", m.Guests)})
		news = append(news, series{short, m.New, m.Returned, name + ": " + v.N("statistics.new", m.New) + ", " + v.N("statistics.returned", m.Returned)})
	}
	p.Conferences = newPlot(v.T("statistics.by_conferences"), confs)
	p.Guests = newPlot(v.T("statistics.by_guests"), guests, legend{"p0", v.T("statistics.going")}, legend{"p1", v.T("statistics.checked_in")})
	p.Newcomers = newPlot(v.T("statistics.by_new"), news, legend{"p0", v.T("statistics.first_time")}, legend{"p1", v.T("statistics.came_back")})
	return s.showDesk(w, r, v, statisticsPath, "statistics", page{Heading: v.T("statistics.title"), Sheets: healthSheets, Body: p}, http.StatusOK)
}
