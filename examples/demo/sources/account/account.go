package main

import "net/http"

const service = "account"

func routes(mux *http.ServeMux) {
	mux.HandleFunc("/account/login", login)
	// One hop further: who answers for user is again the sandbox's matter.
	mux.HandleFunc("/account/profile", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, http.StatusOK, fields{"user": ask(r, "USER_URL", "/user/7")})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, http.StatusOK, fields{"loginError": loginError})
	})
}
