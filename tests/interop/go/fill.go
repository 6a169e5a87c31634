package main

import (
	"fmt"
	"math/rand"
	"reflect"

	"github.com/nats-io/jwt/v2"
)

// makeToken signs a document with random content in every field that its type has.
func makeToken(q question) (answer, error) {
	pair, err := fromSeed(q.Seed)
	if err != nil {
		return nil, err
	}
	claims, err := newClaims(q.Kind, q.Subject)
	if err != nil {
		return nil, err
	}
	filler := filler{Rand: rand.New(rand.NewSource(q.Random)), full: q.Full}
	filler.fill(reflect.ValueOf(claims).Elem())
	claims.Claims().Subject = q.Subject
	switch c := claims.(type) {
	case *jwt.OperatorClaims:
		c.AccountServerURL = "nats://example.com/<&>"
	case *jwt.AccountClaims:
		if len(c.Limits.JetStreamTieredLimits) > 0 {
			c.Limits.JetStreamLimits = jwt.JetStreamLimits{}
		}
	}
	token, err := claims.Encode(pair)
	if err != nil {
		return nil, err
	}
	// Reading gives some fields a value that were not there, such as the limits of a scope.
	if claims, err = decode(token); err != nil {
		return nil, err
	}
	token, err = claims.Encode(pair)
	return answer{"token": token}, err
}

func newClaims(kind, subject string) (jwt.Claims, error) {
	switch kind {
	case "operator":
		return jwt.NewOperatorClaims(subject), nil
	case "account":
		return jwt.NewAccountClaims(subject), nil
	case "user":
		return jwt.NewUserClaims(subject), nil
	case "activation":
		return jwt.NewActivationClaims(subject), nil
	case "authorization_request":
		return jwt.NewAuthorizationRequestClaims(subject), nil
	case "authorization_response":
		return jwt.NewAuthorizationResponseClaims(subject), nil
	case "generic":
		return jwt.NewGenericClaims(subject), nil
	}
	return nil, fmt.Errorf("no such kind: %q", kind)
}

type filler struct {
	*rand.Rand
	full bool
}

var odd = []rune("<>&\"\\/\u2028\u2029\ufffd\x00\b\f\n\r\t\x1f\x7f\u0080é漢😀ﬀKſ")

func (f filler) text() string {
	text := make([]rune, 1+f.Intn(8))
	for i := range text {
		if f.Intn(2) == 0 {
			text[i] = odd[f.Intn(len(odd))]
		} else {
			text[i] = rune(32 + f.Intn(95))
		}
	}
	return string(text)
}

func (f filler) fill(v reflect.Value) {
	switch v.Addr().Interface().(type) {
	case *jwt.ExportType:
		v.SetInt(int64(1 + f.Intn(2)))
		return
	case *jwt.SamplingRate:
		v.SetInt(int64(f.Intn(101)))
		return
	case *jwt.SigningKeys:
		v.Set(reflect.ValueOf(f.signingKeys()))
		return
	case *map[string]interface{}:
		v.Set(reflect.ValueOf(f.object(3)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(1 + f.Intn(255)))
	case reflect.Uint, reflect.Uint64:
		v.SetUint(f.Uint64() | 1)
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{-1, 1, 1 << 31, 1<<53 - 1, -f.Int63n(1<<53) - 1}[f.Intn(5)])
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+f.Intn(3), 3))
		for i := 0; i < v.Len(); i++ {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + f.Intn(3) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f.full || v.Field(i).Kind() == reflect.Struct || f.Intn(10) < 7 {
				f.fill(v.Field(i))
			}
		}
	default:
		panic("a field of a kind that is not known here: " + v.Type().String())
	}
}

func (f filler) signingKeys() jwt.SigningKeys {
	keys := jwt.SigningKeys{}
	for range 1 + f.Intn(3) {
		keys.Add(f.text())
	}
	for range 1 + f.Intn(3) {
		scope := jwt.NewUserScope()
		f.fill(reflect.ValueOf(scope).Elem())
		scope.Kind = jwt.UserScopeType
		keys.AddScopedSigner(scope)
	}
	return keys
}

func (f filler) object(depth int) map[string]interface{} {
	object := map[string]interface{}{}
	for range 1 + f.Intn(4) {
		object[f.text()] = f.value(depth - 1)
	}
	return object
}

func (f filler) value(depth int) interface{} {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch f.Intn(kinds) {
	case 0:
		return nil
	case 1:
		return f.Intn(2) == 0
	case 2:
		return f.Int63n(1 << 53)
	case 3:
		return f.NormFloat64() * float64(f.Int63())
	case 6:
		list := make([]interface{}, f.Intn(4))
		for i := range list {
			list[i] = f.value(depth - 1)
		}
		return list
	case 7:
		return f.object(depth)
	}
	return f.text()
}
