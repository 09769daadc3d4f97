module account.sdp-demo.internal

go 1.19
