package main

const (
	branch  = "feature/login-error"
	version = "1.5.0-login-error"
)
