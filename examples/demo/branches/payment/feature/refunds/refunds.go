package main

import "net/http"

func refunds(w http.ResponseWriter, r *http.Request) {
	answer(w, r, http.StatusOK, fields{"refunds": []fields{{"payment": 1, "amount": -1250, "currency": currency()}}})
}
