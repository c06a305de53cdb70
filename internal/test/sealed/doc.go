// Package sealed lets tests of connections on a virtual reactor speak TLS with them: records are
// cut where the test likes, and nothing blocks.
package sealed
