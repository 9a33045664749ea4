package node

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// notAudited are the functions that ask who is asking, and write nothing into
// the audit log, each with the reason.
var notAudited = map[string]string{
	"Applications":  "it only reads",
	"Arrivals":      "it only reads",
	"Case":          "it only reads",
	"Cases":         "it only reads",
	"Measures":      "it only reads",
	"PreviewBlocks": "it only reads",
	"Servers":       "it only reads",

	"AddPicture":    "a picture is nothing until something shows it",
	"AddReport":     "everyone may complain, and nothing is done yet",
	"PrepareBlocks": "nothing is done until the list is taken over",

	"Audits":        "it only reads",
	"Door":          "it only reads",
	"Invites":       "it only reads",
	"Links":         "it only reads",
	"MemberMail":    "it only reads",
	"MyData":        "it only reads",
	"Reach":         "it only reads",
	"MyConferences": "it only reads",
	"Notices":       "it only reads",
	"Proofs":        "it only reads",
	"Reportable":    "it only reads",
	"Run":           "it only reads",
	"Runs":          "it only reads",
	"RSVPOf":        "it only reads",
	"Sessions":      "it only reads",
	"Statistics":    "it only reads",
	"Stays":         "it only reads",
	"Suggestions":   "it only reads",

	"AddAlias":       "members do it for themselves",
	"AddLink":        "members do it for themselves",
	"AddPasskey":     "members do it for themselves",
	"Agree":          "members do it for themselves",
	"ChangeEmail":    "members do it for themselves",
	"ForgetPromises": "members do it for themselves",
	"LinkIdentity":   "members do it for themselves",
	"RemoveEmail":    "members do it for themselves",
	"RemovePasskey":  "members do it for themselves",
	"RemovePassword": "members do it for themselves",
	"RenamePasskey":  "members do it for themselves",
	"SetPassword":    "members do it for themselves",
	"UnlinkIdentity": "members do it for themselves",
	"UpdateProfile":  "members do it for themselves",
	"AddSignIn":      "members do it for themselves, or whoever runs the machine for them",
	"CancelMove":     "members do it for themselves",
	"Come":           "members do it for themselves",
	"EndSession":     "members do it for themselves",
	"EndSessions":    "members do it for themselves",
	"EndStay":        "members do it for themselves",
	"JoinElsewhere":  "members do it for themselves",
	"LeaveElsewhere": "members do it for themselves",
	"MoveAway":       "members do it for themselves",
	"ReadNotices":    "members do it for themselves",
	"RemoveAlias":    "members do it for themselves",
	"RevokeLink":     "members do it for themselves",
	"SetMemberMail":  "members do it for themselves",
	"ShowStay":       "members do it for themselves",
	"Visit":          "members do it for themselves",
}

// Every function that does something for whoever asks writes down who it was, or
// says why it need not.
func TestStewardsAreAudited(t *testing.T) {
	set := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	calls := map[string][]string{} // by method of the node
	asked := map[string]bool{}     // exported, and told who asks
	for _, file := range files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Body == nil {
				continue
			}
			if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); !ok || star.X.(*ast.Ident).Name != "Node" {
				continue
			}
			for _, p := range f.Type.Params.List {
				if id, ok := p.Type.(*ast.Ident); ok && id.Name == "By" && f.Name.IsExported() {
					asked[f.Name.Name] = true
				}
			}
			ast.Inspect(f.Body, func(x ast.Node) bool {
				call, ok := x.(*ast.CallExpr)
				if !ok {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				// Whoever is not told who asks cannot write it down.
				told := sel.Sel.Name == "audit"
				for _, a := range call.Args {
					if id, ok := a.(*ast.Ident); ok && id.Name == "by" {
						told = true
					}
				}
				if recv, ok := sel.X.(*ast.Ident); ok && recv.Name == "n" && told {
					calls[f.Name.Name] = append(calls[f.Name.Name], sel.Sel.Name)
				}
				return true
			})
		}
	}
	if len(asked) < 50 {
		t.Fatalf("only %d functions were found", len(asked))
	}
	var audits func(name string, seen map[string]bool) bool
	audits = func(name string, seen map[string]bool) bool {
		if name == "audit" {
			return true
		}
		if seen[name] {
			return false
		}
		seen[name] = true
		for _, c := range calls[name] {
			if audits(c, seen) {
				return true
			}
		}
		return false
	}
	for name := range asked {
		does, reason := audits(name, map[string]bool{}), notAudited[name]
		switch {
		case !does && reason == "":
			t.Errorf("%s neither writes into the audit log nor says in notAudited why not", name)
		case does && reason != "":
			t.Errorf("%s writes into the audit log: take it out of notAudited", name)
		}
	}
	for name := range notAudited {
		if !asked[name] {
			t.Errorf("there is no function %s that asks who is asking", name)
		}
	}
}
