module user.sdp-demo.internal

go 1.19

require names.sdp-demo.internal/people v1.2.0
