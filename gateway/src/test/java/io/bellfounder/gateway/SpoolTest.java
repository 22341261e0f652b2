package io.bellfounder.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bellfounder.testing.Await;
import io.bellfounder.testing.Seeds;
import io.bellfounder.testing.SettableClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
  private static final int SEGMENT = 256 << 10;

  // Held here because the logging framework only holds loggers weakly.
  private static final Logger SPOOLS_LOGGER = Logger.getLogger(Spool.class.getName());

  @TempDir Path directory;
  private final SettableClock clock = new SettableClock(SpoolCalls.START);

  @BeforeAll
  static void a_thousand_warnings_are_expected() {
    SPOOLS_LOGGER.setLevel(Level.OFF);
  }

  @AfterAll
  static void warnings_are_shown_again() {
    SPOOLS_LOGGER.setLevel(Level.INFO);
  }

  @Test
  void a_settled_call_comes_out_as_it_went_in() throws Exception {
    var opened = SpoolCalls.opened(1);
    var settled = SpoolCalls.settled(opened);
    try (var spool = spool()) {
      spool.opened(opened);
      spool.settled(settled);

      assertThat(all(spool.reader())).containsExactly(new SpoolRecord.Settled(settled));
    }
  }

  @Test
  void a_call_under_way_is_shown_until_it_is_settled() throws Exception {
    try (var spool = spool()) {
      spool.opened(SpoolCalls.opened(1));

      assertThat(all(spool.reader())).containsExactly(new SpoolRecord.Opened(SpoolCalls.opened(1)));
    }
  }

  @Test
  void nobody_but_the_owner_can_read_it_or_list_it() throws Exception {
    var spoolDirectory = directory.resolve("spool");
    var config = new SpoolConfig(spoolDirectory, 16 << 20, SEGMENT, Duration.ofMillis(10));
    try (var spool = Spool.open(config, clock)) {
      settle(spool, 1);
      spool.reader().commit(spool.reader().read(1));
      new SpoolQuarantine(spoolDirectory).keep(1, 0, new byte[8], 0, 8);
    }
    // As an earlier release left them.
    try (var files = Files.list(spoolDirectory)) {
      var segment = files.filter(file -> SpoolSegment.number(file) >= 0).findFirst().orElseThrow();
      assertThat(permissions(segment)).isEqualTo("rw-------");
      Files.setPosixFilePermissions(segment, PosixFilePermissions.fromString("rw-r--r--"));
    }
    Files.setPosixFilePermissions(spoolDirectory, PosixFilePermissions.fromString("rwxr-xr-x"));

    try (var _ = Spool.open(config, clock);
        var files = Files.list(spoolDirectory)) {
      assertThat(permissions(spoolDirectory)).isEqualTo("rwx------");
      assertThat(files.toList())
          .hasSizeGreaterThan(3)
          .allSatisfy(
              file -> assertThat(permissions(file)).as(file.toString()).isEqualTo("rw-------"));
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void a_second_settlement_of_a_call_is_not_written() throws Exception {
    try (var spool = spool()) {
      spool.opened(SpoolCalls.opened(1));
      spool.settled(SpoolCalls.settled(SpoolCalls.opened(1)));
      spool.settled(SpoolCalls.settled(SpoolCalls.opened(1)));

      assertThat(all(spool.reader())).hasSize(1);
    }
  }

  @Test
  void what_was_committed_is_not_given_again_and_the_rest_is() throws Exception {
    try (var spool = spool()) {
      for (int i = 0; i < 30; i++) {
        settle(spool, i);
      }
      var reader = spool.reader();
      reader.commit(reader.read(10));
      assertThat(reader.read(10).records()).hasSize(10);
      assertThat(spool.backlog().records()).isEqualTo(20);
    }
    try (var spool = spool()) {
      assertThat(spool.backlog().records()).isEqualTo(20);
      assertThat(ids(all(spool.reader()))).startsWith(SpoolCalls.id(10)).hasSize(20);
    }
  }

  @Test
  void a_reader_goes_back_when_its_consumer_failed() throws Exception {
    try (var spool = spool()) {
      settle(spool, 1);
      var reader = spool.reader();
      var failed = reader.read(10);
      reader.rewind();

      var again = reader.read(10);
      reader.commit(again);

      assertThat(again.records()).isEqualTo(failed.records());
      assertThat(spool.backlog().records()).isZero();
    }
  }

  @Test
  void the_backlog_tells_how_much_waits_and_how_long() throws Exception {
    try (var spool = spool()) {
      settle(spool, 1);
      clock.advance(Duration.ofSeconds(90));
      settle(spool, 2);

      var backlog = spool.backlog();

      assertThat(backlog.records()).isEqualTo(2);
      assertThat(backlog.bytes()).isBetween(1_000L, 20_000L);
      assertThat(backlog.oldestAge()).isEqualTo(Duration.ofSeconds(90));
      assertThat(backlog.openCalls()).isZero();
    }
  }

  @Test
  void shipped_segments_are_deleted_and_order_holds_across_them() throws Exception {
    var seen = new ArrayList<UUID>();
    try (var spool = spool()) {
      for (int i = 0; i < 2_000; i++) {
        settle(spool, i);
      }
      assertThat(segments()).hasSizeGreaterThan(5);
      var reader = spool.reader();
      for (var batch = reader.read(100); !batch.isEmpty(); batch = reader.read(100)) {
        seen.addAll(ids(batch.records()));
        reader.commit(batch);
      }
      assertThat(segments()).hasSizeLessThanOrEqualTo(2);
      assertThat(spool.backlog().records()).isZero();
    }
    assertThat(seen).hasSize(2_000);
    for (int i = 0; i < 2_000; i++) {
      assertThat(seen.get(i)).isEqualTo(SpoolCalls.id(i));
    }
  }

  @Test
  void one_long_call_does_not_keep_the_disk_of_all_others() throws Exception {
    try (var spool = spool()) {
      spool.opened(SpoolCalls.opened(999_999));
      var reader = spool.reader();
      for (int i = 0; i < 4_000; i++) {
        settle(spool, i);
        if (i % 100 == 99) {
          reader.commit(reader.read(1_000));
        }
      }
      assertThat(segments()).hasSizeLessThan(8);
    }
    try (var spool = spool()) {
      assertThat(spool.recovered()).isEqualTo(1);
      assertThat(settlements(all(spool.reader())))
          .filteredOn(each -> each.outcome() == SettledCall.Outcome.INTERRUPTED)
          .extracting(each -> each.opened().id())
          .containsExactly(SpoolCalls.id(999_999));
    }
  }

  @Test
  void what_an_earlier_process_left_open_is_settled_as_interrupted_once() throws Exception {
    try (var spool = spool()) {
      spool.opened(SpoolCalls.opened(1));
      settle(spool, 2);
    }
    for (int start = 0; start < 3; start++) {
      clock.advance(Duration.ofHours(1));
      try (var spool = spool()) {
        assertThat(spool.recovered()).isEqualTo(start == 0 ? 1 : 0);
        var settled = settlements(all(spool.reader()));
        assertThat(settled).hasSize(2);
        var interrupted = settled.getLast();
        assertThat(interrupted.outcome()).isEqualTo(SettledCall.Outcome.INTERRUPTED);
        assertThat(interrupted.opened()).isEqualTo(SpoolCalls.opened(1));
        assertThat(interrupted.estimated()).isTrue();
        assertThat(interrupted.usage().input()).isEqualTo(100_001);
        assertThat(interrupted.costPico()).isEqualTo(100_001L * 5_000_000);
        assertThat(interrupted.settledAt()).isEqualTo(SpoolCalls.START.plusSeconds(3_600));
      }
    }
  }

  @Test
  void a_recovery_that_is_itself_cut_off_is_finished_by_the_next() throws Exception {
    int calls = 6;
    try (var spool = spool()) {
      for (int i = 0; i < calls; i++) {
        spool.opened(SpoolCalls.opened(i));
      }
    }
    spool().close();
    var files = segments();
    assertThat(files).hasSize(2);
    var left = Files.readAllBytes(files.getFirst());
    var recovery = Files.readAllBytes(files.getLast());

    for (int cut = 0; cut <= recovery.length; cut += 61) {
      restore(files.getLast(), recovery, cut, (byte) 0);
      Files.write(files.getFirst(), left);
      try (var spool = spool()) {
        assertThat(settlements(all(spool.reader())))
            .as("cut at " + cut)
            .hasSize(calls)
            .allMatch(each -> each.outcome() == SettledCall.Outcome.INTERRUPTED)
            .extracting(each -> each.opened().id())
            .doesNotHaveDuplicates();
      }
    }
  }

  @Test
  void a_torn_tail_is_cut_off_at_whatever_byte_it_was_torn() throws Exception {
    try (var spool = spool()) {
      settle(spool, 1);
      settle(spool, 2);
    }
    var file = segments().getFirst();
    var whole = Files.readAllBytes(file);
    var frames = new ArrayList<SpoolFrame>();
    SpoolScan.frames(whole, 0, whole.length, frames::add, (bytes, from, to) -> {});
    var last = frames.getLast();

    for (int cut = last.from(); cut < last.to(); cut++) {
      restore(file, whole, cut, (byte) 0);
      try (var spool = spool()) {
        var settled = settlements(all(spool.reader()));
        assertThat(settled).as("cut at " + cut).hasSize(2);
        assertThat(settled.getLast().outcome()).isEqualTo(SettledCall.Outcome.INTERRUPTED);
      }
    }
  }

  @Test
  void a_damaged_record_costs_no_other_and_is_kept_aside() throws Exception {
    try (var spool = spool()) {
      for (int i = 0; i < 10; i++) {
        settle(spool, i);
      }
    }
    var file = segments().getFirst();
    var whole = Files.readAllBytes(file);
    var frames = new ArrayList<SpoolFrame>();
    SpoolScan.frames(whole, 0, whole.length, frames::add, (bytes, from, to) -> {});
    var random = Seeds.random("a_damaged_record_costs_no_other_and_is_kept_aside");

    for (int round = 0; round < 50; round++) {
      var victim = frames.get(2 * random.nextInt(9) + 1);
      var damaged = whole.clone();
      for (int i = random.nextInt(40); i >= 0; i--) {
        damaged[random.nextInt(victim.from(), victim.to())] ^= (byte) (1 + random.nextInt(255));
      }
      if (SpoolFrame.at(damaged, victim.from(), damaged.length) != null) {
        continue;
      }
      restore(file, damaged, damaged.length, (byte) 0);
      try (var spool = spool()) {
        var settled = settlements(all(spool.reader()));
        assertThat(settled).hasSize(10);
        assertThat(settled)
            .filteredOn(each -> each.outcome() == SettledCall.Outcome.INTERRUPTED)
            .extracting(each -> each.opened().id())
            .containsExactly(victim.id());
      }
      try (var files = Files.list(directory)) {
        assertThat(files.filter(each -> each.getFileName().toString().startsWith("quarantine-")))
            .isNotEmpty();
      }
    }
  }

  @Test
  void a_record_that_was_never_written_before_one_that_was_is_no_damage() throws Exception {
    try (var spool = spool()) {
      for (int i = 0; i < 3; i++) {
        settle(spool, i);
      }
    }
    var file = segments().getFirst();
    var whole = Files.readAllBytes(file);
    var frames = new ArrayList<SpoolFrame>();
    SpoolScan.frames(whole, 0, whole.length, frames::add, (bytes, from, to) -> {});
    var missing = frames.get(3);
    Arrays.fill(whole, missing.from(), missing.to(), (byte) 0);
    restore(file, whole, whole.length, (byte) 0);

    try (var spool = spool()) {
      var settled = settlements(all(spool.reader()));
      assertThat(settled)
          .filteredOn(each -> each.outcome() == SettledCall.Outcome.INTERRUPTED)
          .extracting(each -> each.opened().id())
          .containsExactly(missing.id());
      assertThat(settled).hasSize(3);
    }
    try (var files = Files.list(directory)) {
      assertThat(files.filter(each -> each.getFileName().toString().startsWith("quarantine-")))
          .isEmpty();
    }
  }

  @Test
  void a_reader_sees_nothing_beyond_a_record_that_is_still_being_written() throws Exception {
    var spare = Files.write(directory.resolve("spare"), new byte[4096]);
    var segment = SpoolSegment.begin(spare, directory, 1, 4096);
    try {
      var slow = segment.begin(100);
      var quick = segment.begin(50);
      quick.write(ByteBuffer.allocate(50));
      quick.done();
      assertThat(segment.written()).isZero();
      assertThat(segment.quiet()).isFalse();

      slow.write(ByteBuffer.allocate(100));
      slow.done();
      assertThat(segment.written()).isEqualTo(150);
      assertThat(segment.quiet()).isTrue();
    } finally {
      segment.closeChannel();
    }
  }

  @Test
  void a_damaged_cursor_means_that_all_is_given_once_more() throws Exception {
    try (var spool = spool()) {
      settle(spool, 1);
      var reader = spool.reader();
      reader.commit(reader.read(10));
    }
    Files.write(directory.resolve("cursor"), new byte[16]);
    try (var spool = spool()) {
      assertThat(all(spool.reader())).hasSize(1);
    }
  }

  @Test
  void a_full_disk_refuses_new_calls_and_still_settles_every_open_one() throws Exception {
    var left = new AtomicLong(4);
    SpoolDisk small =
        (file, bytes, reach) -> {
          if (left.getAndDecrement() <= 0) {
            throw new IOException("No space left on device");
          }
          SpoolDisk.REAL.allocate(file, bytes, reach);
        };
    var admitted = new ArrayList<OpenedCall>();
    try (var spool = Spool.open(config(64L << 20), clock, small)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 100_000; i++) {
                  var call = SpoolCalls.opened(i);
                  spool.opened(call);
                  admitted.add(call);
                }
              })
          .isInstanceOf(Ledger.LedgerUnavailable.class)
          .hasMessageContaining("No space left on device");
      assertThat(admitted).hasSizeGreaterThan(20);

      var largest = "x".repeat(4_000);
      admitted.forEach(each -> spool.settled(SpoolCalls.settled(each, largest)));

      assertThat(settlements(all(spool.reader()))).hasSameSizeAs(admitted);
    }
  }

  @Test
  void the_limit_refuses_new_calls_until_something_was_shipped() throws Exception {
    try (var spool = Spool.open(config(4L * SEGMENT), clock)) {
      int admitted = 0;
      Ledger.LedgerUnavailable refused = null;
      while (refused == null) {
        try {
          settle(spool, admitted);
          admitted++;
        } catch (Ledger.LedgerUnavailable e) {
          refused = e;
        }
      }
      assertThat(refused).hasMessageContaining("the database has not taken");
      assertThat(diskBytes()).isLessThanOrEqualTo(4L * SEGMENT + 1_000);
      var reader = spool.reader();
      int shipped = 0;
      for (var batch = reader.read(50); !batch.isEmpty(); batch = reader.read(50)) {
        shipped += batch.records().size();
        reader.commit(batch);
      }
      assertThat(shipped).isEqualTo(admitted);
      assertThatCode(() -> settle(spool, 500_000)).doesNotThrowAnyException();
    }
  }

  @Test
  void starts_on_a_full_disk_and_settles_what_was_interrupted_once_there_is_space()
      throws Exception {
    try (var spool = spool()) {
      spool.opened(SpoolCalls.opened(1));
    }
    var full = new AtomicBoolean(true);
    SpoolDisk disk =
        (file, bytes, reach) -> {
          if (full.get()) {
            throw new IOException("No space left on device");
          }
          SpoolDisk.REAL.allocate(file, bytes, reach);
        };
    try (var spool = Spool.open(config(64L << 20), clock, disk)) {
      assertThat(spool.recovered()).isZero();
      assertThatThrownBy(() -> spool.opened(SpoolCalls.opened(2)))
          .isInstanceOf(Ledger.LedgerUnavailable.class);

      full.set(false);

      Await.until("the interrupted call is settled", () -> spool.recovered() == 1);
      assertThat(settlements(all(spool.reader()))).hasSize(1);
    }
  }

  @Test
  void a_second_spool_on_the_directory_is_refused_and_the_first_goes_on() throws Exception {
    try (var spool = spool()) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(this::spool)
            .isInstanceOf(Spool.SpoolInUse.class)
            .hasMessageContaining(directory.toRealPath().toString());
      }
      settle(spool, 1);
    }
    try (var spool = spool()) {
      assertThat(all(spool.reader())).hasSize(1);
    }
  }

  @Test
  void a_settlement_too_large_for_its_place_gives_way_in_detail_and_never_in_money()
      throws Exception {
    var opened = SpoolCalls.opened(1);
    var plain = SpoolCalls.settled(opened);
    var attempts = new ArrayList<Attempt>();
    for (int i = 1; i <= 200; i++) {
      attempts.add(SpoolCalls.attempt(i, Attempt.Outcome.OVERLOADED, "d".repeat(300)));
    }
    var huge =
        new SettledCall(
            opened,
            plain.outcome(),
            plain.status(),
            null,
            plain.provider(),
            plain.targetModel(),
            attempts,
            plain.usage(),
            false,
            "u".repeat(4_096),
            SpoolCalls.PRICE,
            plain.costPico(),
            plain.settledAt(),
            null,
            1,
            1);
    try (var spool = spool()) {
      spool.opened(opened);
      spool.settled(huge);

      var read = settlements(all(spool.reader())).getFirst();

      assertThat(read.costPico()).isEqualTo(plain.costPico());
      assertThat(read.usage()).isEqualTo(plain.usage());
      assertThat(read.attempts()).hasSize(20);
      assertThat(read.attempts().getLast().ordinal()).isEqualTo(200);
    }
  }

  @Test
  void an_interrupted_thread_writes_its_record_and_stays_interrupted() throws Exception {
    try (var spool = spool()) {
      Thread.currentThread().interrupt();
      spool.opened(SpoolCalls.opened(1));
      assertThat(Thread.interrupted()).isTrue();
      spool.settled(SpoolCalls.settled(SpoolCalls.opened(1)));

      assertThat(settlements(all(spool.reader()))).hasSize(1);
    }
  }

  @Test
  void many_threads_and_a_reader_lose_and_double_nothing() throws Exception {
    int threads = 4;
    int each = 1_500;
    var seen = new ArrayList<UUID>();
    try (var spool = spool()) {
      var writers = new ArrayList<Thread>();
      for (int t = 0; t < threads; t++) {
        long first = (long) t * each;
        writers.add(
            Thread.ofPlatform()
                .start(() -> {
                  for (long i = first; i < first + each; i++) {
                    settle(spool, i);
                  }
                }));
      }
      var reader = spool.reader();
      Await.until(
          "all is read",
          () -> {
            var batch = reader.read(200);
            settlements(batch.records()).forEach(call -> seen.add(call.opened().id()));
            reader.commit(batch);
            return seen.size() >= threads * each;
          });
      for (var writer : writers) {
        writer.join();
      }
      assertThat(reader.read(10).records()).isEmpty();
    }
    assertThat(seen).hasSize(threads * each).doesNotHaveDuplicates();
  }

  @Test
  void what_came_after_closing_is_refused() throws Exception {
    var spool = spool();
    spool.opened(SpoolCalls.opened(1));
    spool.close();
    spool.close();

    assertThatThrownBy(() -> spool.opened(SpoolCalls.opened(2)))
        .isInstanceOf(Ledger.LedgerUnavailable.class);
  }

  private Spool spool() throws IOException {
    return Spool.open(config(64L << 20), clock);
  }

  private SpoolConfig config(long bytesMax) {
    return new SpoolConfig(directory, bytesMax, SEGMENT, Duration.ofMillis(5));
  }

  private static void settle(Spool spool, long number) {
    var opened = SpoolCalls.opened(number);
    spool.opened(opened);
    spool.settled(SpoolCalls.settled(opened));
  }

  static List<SpoolRecord> all(SpoolReader reader) throws IOException {
    var all = new ArrayList<SpoolRecord>();
    for (var batch = reader.read(7); !batch.isEmpty(); batch = reader.read(7)) {
      all.addAll(batch.records());
    }
    return all;
  }

  static List<SettledCall> settlements(List<SpoolRecord> records) {
    var calls = new ArrayList<SettledCall>();
    for (var record : records) {
      if (record instanceof SpoolRecord.Settled(var call)) {
        calls.add(call);
      }
    }
    return calls;
  }

  private static List<UUID> ids(List<SpoolRecord> records) {
    return settlements(records).stream().map(each -> each.opened().id()).toList();
  }

  private List<Path> segments() throws IOException {
    try (var files = Files.list(directory)) {
      return files.filter(each -> SpoolSegment.number(each) >= 0).sorted().toList();
    }
  }

  private long diskBytes() throws IOException {
    long bytes = 0;
    try (var files = Files.list(directory)) {
      for (var file : (Iterable<Path>) files::iterator) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }

  /** The directory as a first process left it: this one segment, filled up after the cut. */
  private void restore(Path segment, byte[] bytes, int cut, byte filling) throws IOException {
    try (var files = Files.list(directory)) {
      for (var file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
    }
    var content = bytes.clone();
    Arrays.fill(content, cut, content.length, filling);
    try (var channel =
        FileChannel.open(segment, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(content));
    }
  }
}
