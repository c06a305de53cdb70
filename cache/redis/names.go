package redis

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
	"strings"
)

// Names of keys, for the prefix "cache:" and a cache "users":
//
//	cache:users:v:{1f0c…}:42     the entry of 42
//	cache:users:t:eu             the version of the tag eu
//	lease:cache:users:{1f0c…}:42 the lease of 42: outside of the prefix, because nobody wants to hear of those
//
// The part in braces, a hash of the key, makes a cluster keep an entry and its lease on one node.

func hashOf(key string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return strconv.FormatUint(h.Sum64(), 16)
}

func (s *Store) entryName(cache, key string) string {
	return s.cfg.Prefix + cache + ":v:{" + hashOf(key) + "}:" + key
}

func (s *Store) leaseName(cache, key string) string {
	return "lease:" + s.cfg.Prefix + cache + ":{" + hashOf(key) + "}:" + key
}

func (s *Store) tagName(cache, tag string) string { return s.cfg.Prefix + cache + ":t:" + tag }

// parse takes the name of an entry or a tag apart; kind is 0 for other names.
func (s *Store) parse(name string) (kind byte, cache, rest string) {
	name, ok := strings.CutPrefix(name, s.cfg.Prefix)
	if !ok {
		return 0, "", ""
	}
	cache, name, ok = strings.Cut(name, ":")
	if !ok || len(name) < 2 || name[1] != ':' {
		return 0, "", ""
	}
	kind, rest = name[0], name[2:]
	if kind == 'v' {
		if _, rest, ok = strings.Cut(rest, "}:"); !ok {
			return 0, "", ""
		}
	}
	return kind, cache, rest
}

// keyFuncs returns how keys of type K are written and read, if that needs no telling.
func keyFuncs[K comparable]() (write func(K) string, read func(string) (K, error), ok bool) {
	switch kind := reflect.TypeFor[K]().Kind(); kind {
	case reflect.String:
		write = func(k K) string { return reflect.ValueOf(k).String() }
		read = func(text string) (k K, err error) {
			reflect.ValueOf(&k).Elem().SetString(text)
			return k, nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		write = func(k K) string { return strconv.FormatInt(reflect.ValueOf(k).Int(), 10) }
		read = func(text string) (k K, err error) {
			v := reflect.ValueOf(&k).Elem()
			n, err := strconv.ParseInt(text, 10, v.Type().Bits())
			v.SetInt(n)
			return k, err
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		write = func(k K) string { return strconv.FormatUint(reflect.ValueOf(k).Uint(), 10) }
		read = func(text string) (k K, err error) {
			v := reflect.ValueOf(&k).Elem()
			n, err := strconv.ParseUint(text, 10, v.Type().Bits())
			v.SetUint(n)
			return k, err
		}
	default:
		return nil, nil, false
	}
	return write, read, true
}

// errNoKeys says what a level with keys of type K lacks.
func errNoKeys[K comparable]() string {
	return fmt.Sprintf("LevelConfig.Key and ParseKey must say how keys of type %v are written and read", reflect.TypeFor[K]())
}
