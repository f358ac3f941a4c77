// xds-client TARGET: a gRPC client that finds its servers by xDS, and takes orders as JSON lines on stdin, like
// test/kit/xds-client-main.ts; GRPC_XDS_BOOTSTRAP_CONFIG says where the control plane is.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"log"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds"
)

type options struct {
	AtOnce     int               `json:"atOnce"`
	DeadlineMs int               `json:"deadlineMs"`
	Headers    map[string]string `json:"headers"`
	Path       string            `json:"path"`
}

type order struct {
	ID      int     `json:"id"`
	Send    int     `json:"send"`
	Options options `json:"options"`
}

type record struct {
	StartedAt int64           `json:"startedAt"`
	EndedAt   int64           `json:"endedAt"`
	Code      string          `json:"code"`
	Details   string          `json:"details"`
	Reply     json.RawMessage `json:"reply,omitempty"`
}

type answer struct {
	Answer  int      `json:"answer"`
	Records []record `json:"records"`
}

// The backends speak plain bytes: what matters is who answers.
type bytesCodec struct{}

func (bytesCodec) Name() string                  { return "bytes" }
func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func main() {
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	tell(out, map[string]bool{"ready": true})
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		var wanted order
		if err := json.Unmarshal(orders.Bytes(), &wanted); err != nil {
			log.Fatal(err)
		}
		tell(out, answer{wanted.ID, sendAll(connection, wanted)})
	}
}

func tell(out *json.Encoder, line any) {
	if err := out.Encode(line); err != nil {
		log.Fatal(err)
	}
}

func sendAll(connection *grpc.ClientConn, wanted order) []record {
	atOnce := cmp.Or(wanted.Options.AtOnce, 10)
	records := make([]record, wanted.Send)
	var workers sync.WaitGroup
	for worker := range atOnce {
		workers.Go(func() {
			for index := worker; index < wanted.Send; index += atOnce {
				records[index] = say(connection, wanted.Options)
			}
		})
	}
	workers.Wait()
	return records
}

func say(connection *grpc.ClientConn, wanted options) record {
	deadline := time.Duration(cmp.Or(wanted.DeadlineMs, 5_000)) * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(wanted.Headers))
	startedAt := time.Now().UnixMilli()
	request, reply := make([]byte, 16), []byte(nil)
	err := connection.Invoke(ctx, cmp.Or(wanted.Path, "/echo.v1.Echo/Say"), &request, &reply, grpc.ForceCodec(bytesCodec{}))
	return record{startedAt, time.Now().UnixMilli(), nameOf(status.Code(err)), status.Convert(err).Message(), reply}
}

var wordEnd = regexp.MustCompile("([a-z])([A-Z])")

// DeadlineExceeded -> DEADLINE_EXCEEDED, as the specification of gRPC and all other languages have it.
func nameOf(code codes.Code) string {
	return strings.ToUpper(wordEnd.ReplaceAllString(code.String(), "${1}_${2}"))
}
