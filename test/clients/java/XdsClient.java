import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * XdsClient TARGET: a gRPC client that finds its servers by xDS, and takes orders as JSON lines on stdin, like
 * test/kit/xds-client-main.ts; GRPC_XDS_BOOTSTRAP_CONFIG says where the control plane is.
 */
public final class XdsClient {
  static final class Order {
    int id;
    int send;
    Options options = new Options();
  }

  static final class Options {
    int atOnce;
    int deadlineMs;
    String path;
    Map<String, String> headers;
  }

  static final class Call {
    long startedAt;
    long endedAt;
    String code;
    String details;
    JsonElement reply;
  }

  /** The backends speak plain bytes: what matters is who answers. */
  private static final MethodDescriptor.Marshaller<byte[]> bytes =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException cause) {
            throw new UncheckedIOException(cause);
          }
        }
      };

  private static final Gson gson = new Gson();

  public static void main(String[] args) throws Exception {
    ManagedChannel channel = Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).build();
    System.out.println(gson.toJson(Map.of("ready", true)));
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      Order order = gson.fromJson(line, Order.class);
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("answer", order.id);
      answer.put("records", sendAll(channel, order));
      System.out.println(gson.toJson(answer));
    }
    channel.shutdownNow();
  }

  private static List<Call> sendAll(Channel channel, Order order) throws Exception {
    int atOnce = order.options.atOnce > 0 ? order.options.atOnce : 10;
    ExecutorService workers = Executors.newFixedThreadPool(atOnce);
    try {
      List<Future<Call>> calls = new ArrayList<>();
      for (int sent = 0; sent < order.send; sent++) calls.add(workers.submit(() -> say(channel, order.options)));
      List<Call> records = new ArrayList<>();
      for (Future<Call> call : calls) records.add(call.get());
      return records;
    } finally {
      workers.shutdown();
    }
  }

  private static Call say(Channel channel, Options options) {
    Metadata headers = new Metadata();
    if (options.headers != null)
      options.headers.forEach((name, value) -> headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
    String path = options.path != null ? options.path : "/echo.v1.Echo/Say";
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(path.substring(1))
            .setRequestMarshaller(bytes)
            .setResponseMarshaller(bytes)
            .build();
    long deadlineMs = options.deadlineMs > 0 ? options.deadlineMs : 5_000;
    Channel withHeaders = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    Call call = new Call();
    call.startedAt = System.currentTimeMillis();
    try {
      CallOptions limits = CallOptions.DEFAULT.withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS);
      byte[] reply = ClientCalls.blockingUnaryCall(withHeaders, method, limits, new byte[16]);
      call.code = "OK";
      call.details = "";
      call.reply = JsonParser.parseString(new String(reply, StandardCharsets.UTF_8));
    } catch (StatusRuntimeException failure) {
      call.code = failure.getStatus().getCode().name();
      call.details = String.valueOf(failure.getStatus().getDescription());
    }
    call.endedAt = System.currentTimeMillis();
    return call;
  }
}
