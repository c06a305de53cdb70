// Package hazards holds the code of docs/hazards: each trap and the way around it,
// compiled and tested, so that the pages cannot go stale.
package hazards
