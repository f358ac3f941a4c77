package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weir.test/report-reads/gen/reportv1"
)

const defaultValidFor = 15 * time.Minute

// A report that has ended, and the file of it that URLs are asked for.
type finished struct {
	event    *reportv1.ReportEvent
	artifact *reportv1.Artifact
	// Such as `http://127.0.0.1:4711`, and of the object there: its key, name, media type, and whose signature.
	base, key, name, mediaType, keyId string
}

type server struct {
	reports map[string]*finished
	key     []byte
}

func (s *server) find(name string) (*finished, error) {
	if found, ok := s.reports[name]; ok {
		return found, nil
	}
	return nil, status.Errorf(codes.NotFound, "there is no %s", name)
}

func (s *server) get(_ context.Context, request *reportv1.GetReportRequest) (*reportv1.Report, error) {
	found, err := s.find(request.Name)
	if err != nil {
		return nil, err
	}
	return found.event.Report, nil
}

// Every report here has ended: its last event is all there is to see.
func (s *server) watch(request *reportv1.WatchReportRequest, stream grpc.ServerStream) error {
	found, err := s.find(request.Name)
	if err != nil || request.AfterSequence >= found.event.Sequence {
		return err
	}
	return stream.SendMsg(found.event)
}

// Signs as report-service/src/disk/grant.ts does.
func (s *server) downloadUrl(_ context.Context, request *reportv1.GetDownloadUrlRequest) (*reportv1.DownloadUrl, error) {
	found, err := s.find(request.Name)
	if err != nil {
		return nil, err
	}
	if request.Format != reportv1.Format_FORMAT_UNSPECIFIED && request.Format != found.artifact.Format {
		return nil, status.Errorf(codes.InvalidArgument, "%s has no %s", request.Name, request.Format)
	}
	validFor := defaultValidFor
	if request.ValidFor != nil {
		validFor = request.ValidFor.AsDuration()
	}
	expires := time.Now().Add(validFor + time.Second - 1).Unix()
	as := struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}{found.name, found.mediaType}
	signed, err := json.Marshal([]any{"weir object 1", "GET", found.key, expires, as})
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, s.key)
	mac.Write(signed)
	parts := strings.Split(found.key, "/")
	for index, part := range parts {
		parts[index] = escape(part)
	}
	text := found.base + "/" + strings.Join(parts, "/") + "?name=" + escape(found.name) + "&type=" + escape(found.mediaType) +
		"&expires=" + strconv.FormatInt(expires, 10) + "&key=" + escape(found.keyId) +
		"&signature=" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	return &reportv1.DownloadUrl{Url: text, ExpireTime: &timestamppb.Timestamp{Seconds: expires}, Artifact: found.artifact}, nil
}

// As encodeURIComponent, for what stands in keys, names and media types.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

func serve(path, key string) error {
	frames, err := messages(path)
	if err != nil {
		return err
	}
	s := &server{reports: map[string]*finished{}}
	if s.key, err = hex.DecodeString(key); err != nil {
		return err
	}
	for ; len(frames) >= 2; frames = frames[2:] {
		one, err := readFinished(frames[0], frames[1])
		if err != nil {
			return err
		}
		s.reports[one.event.Report.Name] = one
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := grpc.NewServer()
	g.RegisterService(&grpc.ServiceDesc{
		ServiceName: "report.v1.Results",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{unary("GetReport", s.get), unary("GetDownloadUrl", s.downloadUrl)},
		Streams: []grpc.StreamDesc{{
			StreamName:    "WatchReport",
			ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error {
				request := &reportv1.WatchReportRequest{}
				if err := stream.RecvMsg(request); err != nil {
					return err
				}
				return s.watch(request, stream)
			},
		}},
	}, s)
	fmt.Printf("{\"address\":%q,\"pid\":%d}\n", listener.Addr().String(), os.Getpid())
	return g.Serve(listener)
}

func readFinished(event, download []byte) (*finished, error) {
	one, given := &finished{event: &reportv1.ReportEvent{}}, &reportv1.DownloadUrl{}
	if err := proto.Unmarshal(event, one.event); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(download, given); err != nil {
		return nil, err
	}
	parsed, err := url.Parse(given.Url)
	if err != nil {
		return nil, err
	}
	one.artifact = given.Artifact
	one.base, one.key = parsed.Scheme+"://"+parsed.Host, strings.TrimPrefix(parsed.Path, "/")
	query := parsed.Query()
	one.name, one.mediaType, one.keyId = query.Get("name"), query.Get("type"), query.Get("key")
	return one, nil
}

func unary[Request, Response any](name string, answer func(context.Context, *Request) (*Response, error)) grpc.MethodDesc {
	return grpc.MethodDesc{
		MethodName: name,
		Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			request := new(Request)
			if err := decode(request); err != nil {
				return nil, err
			}
			return answer(ctx, request)
		},
	}
}
