package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// One call of the file: its kind, its method's path, the report that it is about (or nothing), its request.
type call struct {
	kind, path, report string
	request            []byte
}

type outcome struct {
	Calls int            `json:"calls"`
	Codes map[string]int `json:"codes"`
	P50Ms float64        `json:"p50Ms"`
	P99Ms float64        `json:"p99Ms"`
	took  []time.Duration
}

// Sends the calls of a file in their order at a rate, answered or not, over a connection to each target by turns, and
// tells how each kind came out. Times are from when a call was due.
func sendCalls(args []string) error {
	calls, err := readCalls(args[0])
	if err != nil {
		return err
	}
	rate, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	var connections []*grpc.ClientConn
	for _, target := range args[2:] {
		// The host by which Envoy knows the service; a server of reports does not ask for it.
		connection, err := grpc.NewClient("passthrough:"+target,
			grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("report"))
		if err != nil {
			return err
		}
		defer connection.Close()
		if err := ready(connection); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		connections = append(connections, connection)
	}

	var lock sync.Mutex
	kinds := map[string]*outcome{}
	var wait sync.WaitGroup
	start := time.Now()
	for sent := 0; sent < len(calls); time.Sleep(2 * time.Millisecond) {
		due := min(len(calls), int(time.Since(start).Seconds()*rate))
		for ; sent < due; sent++ {
			one, connection := calls[sent], connections[sent%len(connections)]
			dueAt := start.Add(time.Duration(float64(sent+1) / rate * float64(time.Second)))
			wait.Go(func() {
				_, err := send(connection, one)
				code := status.Code(err).String()
				took := time.Since(dueAt)
				lock.Lock()
				defer lock.Unlock()
				if kinds[one.kind] == nil {
					kinds[one.kind] = &outcome{Codes: map[string]int{}}
				}
				kinds[one.kind].Codes[code]++
				kinds[one.kind].took = append(kinds[one.kind].took, took)
			})
		}
	}
	wait.Wait()
	return tell(len(calls), kinds)
}

func readCalls(path string) ([]call, error) {
	frames, err := messages(path)
	if err != nil {
		return nil, err
	}
	var calls []call
	for ; len(frames) >= 4; frames = frames[4:] {
		calls = append(calls, call{string(frames[0]), string(frames[1]), string(frames[2]), frames[3]})
	}
	return calls, nil
}

func ready(connection *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	connection.Connect()
	for state := connection.GetState(); state.String() != "READY"; state = connection.GetState() {
		if !connection.WaitForStateChange(ctx, state) {
			return fmt.Errorf("is %s after 20 s", state)
		}
	}
	return nil
}

// Sends one call and reads its answer to the end; tells how many bytes of messages that had.
func send(connection *grpc.ClientConn, one call) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if one.report != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-report-id", one.report)
	}
	var answer []byte
	if !strings.HasSuffix(one.path, "/WatchReport") {
		err := connection.Invoke(ctx, one.path, &one.request, &answer, grpc.ForceCodecV2(raw{}))
		return len(answer), err
	}
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, one.path, grpc.ForceCodecV2(raw{}))
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(&one.request); err != nil {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	for bytes := 0; ; bytes += len(answer) {
		if err := stream.RecvMsg(&answer); err != nil {
			if err.Error() == "EOF" {
				return bytes, nil
			}
			return bytes, err
		}
	}
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

func tell(sent int, kinds map[string]*outcome) error {
	all := &outcome{Codes: map[string]int{}}
	for _, one := range kinds {
		for code, count := range one.Codes {
			all.Codes[code] += count
		}
		all.took = append(all.took, one.took...)
		one.sum()
	}
	all.sum()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return err
	}
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
	return json.NewEncoder(os.Stdout).Encode(
		map[string]any{"sent": sent, "all": all, "outcome": kinds, "cpuSeconds": cpu})
}

func (o *outcome) sum() {
	sort.Slice(o.took, func(i, j int) bool { return o.took[i] < o.took[j] })
	o.Calls = len(o.took)
	at := func(share float64) float64 { return o.took[int(share*float64(len(o.took)-1))].Seconds() * 1000 }
	if o.Calls > 0 {
		o.P50Ms, o.P99Ms = at(0.5), at(0.99)
	}
}
