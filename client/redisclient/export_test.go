package redisclient

// CheckEvery is for tests that wait for a check.
const CheckEvery = checkEvery
