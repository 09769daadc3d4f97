package main

const (
	branch  = "develop"
	version = "3.0.2"
)
