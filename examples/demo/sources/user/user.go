package main

import (
	"net/http"

	"names.sdp-demo.internal/people"
)

const service = "user"

func routes(mux *http.ServeMux) {
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, http.StatusOK, fields{"name": people.Name("Ada", "Lovelace")})
	})
}
