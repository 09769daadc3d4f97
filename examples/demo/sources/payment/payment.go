package main

import (
	"net/http"
	"os"
)

const service = "payment"

func currency() string {
	if currency := os.Getenv("CURRENCY"); currency != "" {
		return currency
	}
	return "EUR"
}

func routes(mux *http.ServeMux) {
	mux.HandleFunc("/payment/refunds", refunds)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, http.StatusOK, fields{"payments": []fields{{"id": 1, "amount": 1250, "currency": currency()}}})
	})
}
