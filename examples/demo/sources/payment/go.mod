module payment.sdp-demo.internal

go 1.19
