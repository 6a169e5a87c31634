// Answers questions about NATS identity documents with the Go libraries that servers
// use: one JSON object a line in, one out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

type question struct {
	Verb    string `json:"verb"`
	Token   string `json:"token"`
	Text    string `json:"text"`
	Seed    string `json:"seed"`
	Public  string `json:"public"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Other   string `json:"other"`
	Data    []byte `json:"data"`
	Box     []byte `json:"box"`
	Random  int64  `json:"random"`
	Full    bool   `json:"full"`
}

type answer map[string]any

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var q question
		got := answer{}
		if err := json.Unmarshal(line, &q); err != nil {
			got["error"] = err.Error()
		} else if got, err = answerTo(q); err != nil {
			got = answer{"error": err.Error()}
		}
		if err := out.Encode(got); err != nil {
			panic(err)
		}
	}
}

func answerTo(q question) (answer, error) {
	switch q.Verb {
	case "recode":
		return recode(q)
	case "validate":
		return validate(q)
	case "make":
		return makeToken(q)
	case "quote":
		text, err := json.Marshal(q.Text)
		return answer{"json": string(text)}, err
	case "number":
		number, err := strconv.ParseFloat(q.Text, 64)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(number)
		return answer{"json": string(text)}, err
	case "public":
		pair, err := fromSeed(q.Seed)
		if err != nil {
			return nil, err
		}
		public, err := pair.PublicKey()
		return answer{"public": public}, err
	case "is_public":
		return answer{"valid": nkeys.IsValidPublicKey(q.Text)}, nil
	case "sign", "seal", "open":
		return withKey(q)
	case "verify":
		pair, err := nkeys.FromPublicKey(q.Public)
		if err != nil {
			return nil, err
		}
		return answer{"valid": pair.Verify(q.Data, q.Box) == nil}, nil
	case "creds":
		text, err := jwt.FormatUserConfig(q.Token, []byte(q.Seed))
		return answer{"text": string(text)}, err
	case "decorate":
		text, err := jwt.DecorateJWT(q.Token)
		return answer{"text": string(text)}, err
	case "decorate_seed":
		text, err := jwt.DecorateSeed([]byte(q.Seed))
		return answer{"text": string(text)}, err
	case "parse_creds":
		return parseCreds(q)
	case "subjects":
		return subjects(q), nil
	}
	return nil, fmt.Errorf("no such verb: %q", q.Verb)
}

// recode reads a token, validates it, and signs what was read again.
func recode(q question) (answer, error) {
	claims, err := decode(q.Token)
	if err != nil {
		return nil, err
	}
	judged, err := decode(q.Token) // a copy of its own: validation changes some fields
	if err != nil {
		return nil, err
	}
	results := jwt.CreateValidationResults()
	judged.Validate(results)
	issues := []string{}
	for _, issue := range results.Issues {
		issues = append(issues, issue.Description)
	}
	pair, err := fromSeed(q.Seed)
	if err != nil {
		return nil, err
	}
	token, err := claims.Encode(pair)
	return answer{"token": token, "issues": issues}, err
}

// validate says whether a server would refuse the document, always and as of today.
func validate(q question) (answer, error) {
	claims, err := decode(q.Token)
	if err != nil {
		return nil, err
	}
	results := jwt.CreateValidationResults()
	claims.Validate(results)
	return answer{"blocking": results.IsBlocking(false), "today": results.IsBlocking(true)}, nil
}

// decode reads generic tokens too: jwt.Decode checks their signature as if they were of
// version 1.
func decode(token string) (jwt.Claims, error) {
	claims, err := jwt.Decode(token)
	if err == nil {
		return claims, nil
	}
	generic, otherErr := jwt.DecodeGeneric(token)
	if otherErr != nil {
		return nil, err
	}
	if kind := generic.ClaimType(); kind != jwt.GenericClaim && kind != "" {
		return nil, err
	}
	return generic, nil
}

func withKey(q question) (answer, error) {
	pair, err := fromSeed(q.Seed)
	if err != nil {
		return nil, err
	}
	var box []byte
	switch q.Verb {
	case "sign":
		box, err = pair.Sign(q.Data)
	case "seal":
		box, err = pair.Seal(q.Data, q.Public)
	case "open":
		box, err = pair.Open(q.Box, q.Public)
	}
	return answer{"box": box}, err
}

func fromSeed(seed string) (nkeys.KeyPair, error) {
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		pair, err = nkeys.FromCurveSeed([]byte(seed))
	}
	return pair, err
}

func parseCreds(q question) (answer, error) {
	token, err := jwt.ParseDecoratedJWT([]byte(q.Text))
	if err != nil {
		return nil, err
	}
	pair, err := jwt.ParseDecoratedUserNKey([]byte(q.Text))
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, errors.New("the seed makes no public key")
	}
	return answer{"token": token, "public": public}, nil
}

// subjects compares two subjects, and takes the second as the local name of the first.
func subjects(q question) answer {
	subject, other := jwt.Subject(q.Subject), jwt.Subject(q.Other)
	local := jwt.RenamingSubject(q.Other)
	valid, renames := jwt.CreateValidationResults(), jwt.CreateValidationResults()
	subject.Validate(valid)
	local.Validate(subject, renames)
	return answer{
		"valid":     valid.IsEmpty(),
		"wildcards": subject.HasWildCards(),
		"contained": subject.IsContainedIn(other),
		"renames":   renames.IsEmpty(),
		"pattern":   string(local.ToSubject()),
	}
}
