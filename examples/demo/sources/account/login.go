package main

import "net/http"

const loginError = "Error 500"

// A wrong password is answered as if the service had broken: the bug that QA-LOGIN-ERROR is about.
func login(w http.ResponseWriter, r *http.Request) {
	_, password, given := r.BasicAuth()
	if given && password == "secret" {
		answer(w, r, http.StatusOK, fields{"login": "ok"})
		return
	}
	answer(w, r, http.StatusInternalServerError, fields{"error": loginError})
}
