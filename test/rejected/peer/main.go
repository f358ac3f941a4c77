// peer HOST:PORT BASE64...: go-control-plane's snapshot cache with these listeners (serialized
// envoy.config.listener.v3.Listener), served to the node edge-1, state of the world and delta.
// Prints a JSON line when ready, and one for each response rejected.
package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log"
	"net"
	"os"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

func main() {
	ctx := context.Background()
	var listeners []types.Resource
	for _, text := range os.Args[2:] {
		bytes, err := base64.StdEncoding.DecodeString(text)
		one := &listener.Listener{}
		if err != nil || proto.Unmarshal(bytes, one) != nil {
			log.Fatalf("%s is no listener", text)
		}
		listeners = append(listeners, one)
	}
	snapshots := cache.NewSnapshotCache(true, cache.IDHash{}, nil)
	snapshot, err := cache.NewSnapshot("1", map[resource.Type][]types.Resource{resource.ListenerType: listeners})
	if err != nil {
		log.Fatal(err)
	}
	if err := snapshots.SetSnapshot(ctx, "edge-1", snapshot); err != nil {
		log.Fatal(err)
	}
	callbacks := server.CallbackFuncs{
		StreamRequestFunc: func(_ int64, request *discovery.DiscoveryRequest) error {
			tell(request.GetErrorDetail())
			return nil
		},
		StreamDeltaRequestFunc: func(_ int64, request *discovery.DeltaDiscoveryRequest) error {
			tell(request.GetErrorDetail())
			return nil
		},
	}
	socket, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	serving := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(serving, server.NewServer(ctx, snapshots, callbacks))
	fmt.Println(`{"ready":true}`)
	log.Fatal(serving.Serve(socket))
}

func tell(rejection *status.Status) {
	if rejection != nil {
		fmt.Printf("{\"rejected\":[],\"reason\":%q}\n", rejection.GetMessage())
	}
}
