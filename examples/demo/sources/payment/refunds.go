package main

import "net/http"

func refunds(w http.ResponseWriter, r *http.Request) {
	answer(w, r, http.StatusNotFound, fields{"error": "There are no refunds yet."})
}
