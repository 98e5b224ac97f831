// The enrichment of streams/traffic-transform.ts as a Kafka Streams program, for the benchmark: reads an event, adds
// whether the detector works and when that was found out, and writes it under the same key. Run as a source file:
// java -cp 'JARS/*' EnrichStreams.java BOOTSTRAP FROM TO GUARANTEE STATE_FOLDER
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

public class EnrichStreams {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] given) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench-streams-" + given[3] + "-" + given[2]);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, given[0]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, given[3]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, given[4]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    settings.put(StreamsConfig.producerPrefix("acks"), "all");
    settings.put(StreamsConfig.producerPrefix("linger.ms"), 5);
    settings.put(StreamsConfig.producerPrefix("batch.size"), 262_144);
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 5_000);
    var bytes = Serdes.ByteArray();
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(given[1], Consumed.with(bytes, bytes))
        .mapValues(EnrichStreams::enriched)
        .to(given[2], Produced.with(bytes, bytes));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

  private static byte[] enriched(byte[] value) {
    try {
      ObjectNode event = (ObjectNode) JSON.readTree(value);
      event.put("is_operational", event.path("detector_status").asText().startsWith("OK"));
      event.put("processed_at", System.currentTimeMillis() / 1_000.0);
      return JSON.writeValueAsBytes(event);
    } catch (Exception notAnEvent) {
      return value;
    }
  }
}
