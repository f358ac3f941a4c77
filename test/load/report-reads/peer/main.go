// A minimal gRPC server of reports, and what loads servers of reports: the measure that Weir's own is held against.
//
//	peer serve REPORTS                                      serves them; prints its address and pid as JSON
//	peer calls CALLS RATE TARGET...                          sends calls of all kinds; see calls.go
//	peer load TARGET NAMES CONNECTIONS IN-FLIGHT RATE TIME  asks for them at random; prints what came of it as JSON
//
// REPORTS and NAMES are files of messages (report.v1.Report, report.v1.GetReportRequest), each after its length as four
// bytes, most significant first. A RATE of 0 is as fast as they are answered.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"

	// What the generated code imports, so that go.mod holds it.
	_ "google.golang.org/genproto/googleapis/api/annotations"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"weir.test/report-reads/gen/reportv1"
)

const getReport = "/report.v1.Results/GetReport"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "serve":
		return serve(args[1])
	case len(args) >= 4 && args[0] == "calls":
		return sendCalls(args[1:])
	case len(args) == 7 && args[0] == "load":
		return load(args[1:])
	}
	return fmt.Errorf("usage: peer serve REPORTS | peer calls CALLS RATE TARGET... | peer load TARGET NAMES CONNECTIONS IN-FLIGHT RATE TIME")
}

type server struct{ reports map[string]*reportv1.Report }

func (s *server) get(_ context.Context, request *reportv1.GetReportRequest) (*reportv1.Report, error) {
	if found, ok := s.reports[request.Name]; ok {
		return found, nil
	}
	return nil, status.Errorf(codes.NotFound, "there is no %s", request.Name)
}

func serve(path string) error {
	all, err := messages(path)
	if err != nil {
		return err
	}
	s := &server{reports: map[string]*reportv1.Report{}}
	for _, bytes := range all {
		report := &reportv1.Report{}
		if err := proto.Unmarshal(bytes, report); err != nil {
			return err
		}
		s.reports[report.Name] = report
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := grpc.NewServer()
	g.RegisterService(&grpc.ServiceDesc{
		ServiceName: "report.v1.Results",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "GetReport",
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				request := &reportv1.GetReportRequest{}
				if err := decode(request); err != nil {
					return nil, err
				}
				return s.get(ctx, request)
			},
		}},
	}, s)
	fmt.Printf("{\"address\":%q,\"pid\":%d}\n", listener.Addr().String(), os.Getpid())
	return g.Serve(listener)
}

// What is sent and received as it is: a client that decodes would take the processor from the server it measures.
type raw struct{}

func (raw) Name() string { return "proto" }
func (raw) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}
func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = raw{}

type result struct {
	codes     map[string]int
	latencies []time.Duration
	bytes     int
}

func load(args []string) error {
	target := args[0]
	requests, err := messages(args[1])
	if err != nil {
		return err
	}
	connections, err1 := strconv.Atoi(args[2])
	inFlight, err2 := strconv.Atoi(args[3])
	rate, err3 := strconv.ParseFloat(args[4], 64)
	length, err4 := time.ParseDuration(args[5])
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return err
		}
	}
	var wait sync.WaitGroup
	results := make(chan result, connections*inFlight)
	start := time.Now()
	each := time.Duration(0)
	if rate > 0 {
		each = time.Duration(float64(connections*inFlight) / rate * float64(time.Second))
	}
	for range connections {
		connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		defer connection.Close()
		for range inFlight {
			wait.Go(func() { results <- ask(connection, requests, start, each, length) })
		}
	}
	wait.Wait()
	took := time.Since(start)
	close(results)
	return report(results, took)
}

// One caller, who asks every `each` by the clock, late or not, or as soon as it is answered.
func ask(connection *grpc.ClientConn, requests [][]byte, start time.Time, each, length time.Duration) result {
	r := result{codes: map[string]int{}}
	next := start.Add(time.Duration(rand.Float64() * float64(each)))
	for {
		if each > 0 {
			time.Sleep(time.Until(next))
		}
		due := next
		if each == 0 {
			due = time.Now()
		}
		if due.Sub(start) > length {
			return r
		}
		next = next.Add(each)
		request := requests[rand.IntN(len(requests))]
		var answer []byte
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := connection.Invoke(ctx, getReport, &request, &answer, grpc.ForceCodecV2(raw{}))
		cancel()
		r.codes[status.Code(err).String()]++
		r.latencies = append(r.latencies, time.Since(due))
		r.bytes += len(answer)
	}
}

func report(results chan result, took time.Duration) error {
	all := result{codes: map[string]int{}}
	for r := range results {
		for code, count := range r.codes {
			all.codes[code] += count
		}
		all.latencies = append(all.latencies, r.latencies...)
		all.bytes += r.bytes
	}
	sort.Slice(all.latencies, func(i, j int) bool { return all.latencies[i] < all.latencies[j] })
	at := func(share float64) float64 {
		if len(all.latencies) == 0 {
			return 0
		}
		return all.latencies[int(share*float64(len(all.latencies)-1))].Seconds() * 1000
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"codes": all.codes, "calls": len(all.latencies), "seconds": took.Seconds(),
		"p50Ms": at(0.5), "p99Ms": at(0.99), "bytes": all.bytes,
	})
}

func messages(path string) ([][]byte, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for len(file) >= 4 {
		length := binary.BigEndian.Uint32(file)
		if uint32(len(file)-4) < length {
			return nil, fmt.Errorf("%s ends within a message", path)
		}
		all = append(all, file[4:4+length])
		file = file[4+length:]
	}
	return all, nil
}
