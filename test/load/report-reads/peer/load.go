package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

type result struct {
	codes     map[string]int
	latencies []time.Duration
	bytes     int
}

func load(args []string) error {
	target := args[0]
	calls, err := readCalls(args[1])
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
			wait.Go(func() { results <- ask(connection, calls, start, each, length) })
		}
	}
	wait.Wait()
	took := time.Since(start)
	close(results)
	return report(results, took)
}

// One caller, who asks every `each` by the clock, late or not, or as soon as it is answered.
func ask(connection *grpc.ClientConn, calls []call, start time.Time, each, length time.Duration) result {
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
		answered, err := send(connection, calls[rand.IntN(len(calls))])
		r.codes[status.Code(err).String()]++
		r.latencies = append(r.latencies, time.Since(due))
		r.bytes += answered
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
