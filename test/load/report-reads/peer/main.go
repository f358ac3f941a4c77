// A minimal gRPC server of reports, and what loads servers of reports: the measure that Weir's own is held against.
//
//	peer serve READS KEY                                    serves them; prints its address and pid as JSON; see serve.go
//	peer calls CALLS RATE TARGET...                         sends calls in their order; see calls.go
//	peer load TARGET CALLS CONNECTIONS IN-FLIGHT RATE TIME  sends calls at random; prints what came of it as JSON
//
// READS and CALLS are files of messages, each after its length as four bytes, most significant first. READS has two for each
// report: its last report.v1.ReportEvent, and a report.v1.DownloadUrl of one format. CALLS has four for each call: its kind, its
// method's path, the id of the report that it is about (or nothing), its request. KEY signs URLs, in hexadecimal digits. A
// RATE of 0 is as fast as they are answered.
package main

import (
	"encoding/binary"
	"fmt"
	"os"

	// What the generated code imports, so that go.mod holds it.
	_ "google.golang.org/genproto/googleapis/api/annotations"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "serve":
		return serve(args[1], args[2])
	case len(args) >= 4 && args[0] == "calls":
		return sendCalls(args[1:])
	case len(args) == 7 && args[0] == "load":
		return load(args[1:])
	}
	return fmt.Errorf("usage: peer serve READS KEY | peer calls CALLS RATE TARGET... | peer load TARGET CALLS CONNECTIONS IN-FLIGHT RATE TIME")
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
