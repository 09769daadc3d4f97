package main

import "net/http"

const loginError = "User name or password is wrong."

// A wrong password is the caller's mistake, and the answer says so without telling which part is wrong.
func login(w http.ResponseWriter, r *http.Request) {
	_, password, given := r.BasicAuth()
	if given && password == "secret" {
		answer(w, r, http.StatusOK, fields{"login": "ok"})
		return
	}
	answer(w, r, http.StatusUnauthorized, fields{"error": loginError, "hint": "Try again, or reset the password."})
}
