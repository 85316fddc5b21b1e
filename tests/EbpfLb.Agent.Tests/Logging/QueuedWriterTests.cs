using System.Text;
using EbpfLb.Agent.Logging;

namespace EbpfLb.Agent.Tests.Logging;

public sealed class QueuedWriterTests
{
    [Fact]
    public void Everything_is_written_in_order_by_the_time_it_is_closed()
    {
        using var output = new StringWriter();
        using (var queued = new QueuedWriter(output, count => $"dropped {count}\n"))
            for (var i = 0; i < 1000; i++) queued.Write(new StringBuilder($"{i}\n"));

        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i}\n")), output.ToString());
    }

    [Fact]
    public void A_reader_that_stops_reading_holds_nobody_up_and_is_shown_how_many_lines_it_missed()
    {
        using var output = new StuckWriter();
        using (var queued = new QueuedWriter(output, count => $"dropped {count}\n", capacity: 10))
        {
            queued.Write("first\n");
            output.Entered.Wait(TestContext.Current.CancellationToken);
            for (var i = 0; i < 15; i++) queued.Write($"{i}\n");
            output.Read();
        }

        Assert.Equal("first\ndropped 5\n" + string.Concat(Enumerable.Range(0, 10).Select(i => $"{i}\n")), output.Text);
    }

    [Fact]
    public void Closing_it_gives_up_on_a_reader_that_never_reads_again()
    {
        using var output = new StuckWriter();
        using (var queued = new QueuedWriter(output, count => $"dropped {count}\n"))
        {
            queued.Write("first\n");
            output.Entered.Wait(TestContext.Current.CancellationToken);
        }

        Assert.Equal("", output.Text);
        output.Read();
    }

    [Fact]
    public void A_reader_that_has_gone_ends_no_thread_with_an_exception()
    {
        using var output = new FailingWriter(new IOException("Broken pipe"), failures: int.MaxValue);
        using (var queued = new QueuedWriter(output, count => $"dropped {count}\n"))
            for (var i = 0; i < 10; i++) queued.Write($"{i}\n");

        Assert.Equal((10, ""), (output.Attempts, output.Text));
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    public void Lines_that_cannot_be_written_for_a_while_are_counted_and_the_next_ones_are_written(Type failure)
    {
        using var output = new FailingWriter((Exception)Activator.CreateInstance(failure)!, failures: 3);
        using (var queued = new QueuedWriter(output, count => $"dropped {count}\n"))
            for (var i = 0; i < 6; i++) queued.Write($"{i}\n");

        Assert.Equal("dropped 3\n3\n4\n5\n", output.Text);
    }

    [Fact]
    public void A_line_that_comes_when_it_is_closed_is_dropped()
    {
        using var output = new StringWriter();
        var queued = new QueuedWriter(output, count => $"dropped {count}\n");
        queued.Write("first\n");
        queued.Dispose();

        queued.Write("late\n");

        Assert.Equal("first\n", output.ToString());
    }

    /// <summary>A pipe that is full until <see cref="Read"/>.</summary>
    private sealed class StuckWriter : TextWriter
    {
        private readonly ManualResetEventSlim room = new();
        private readonly StringBuilder text = new();

        public ManualResetEventSlim Entered { get; } = new();

        public override Encoding Encoding => Encoding.UTF8;

        public string Text => text.ToString();

        public void Read() => room.Set();

        public override void Write(string? value)
        {
            Entered.Set();
            room.Wait();
            text.Append(value);
        }
    }

    /// <summary>EPIPE, which stays, or ENOSPC, which passes.</summary>
    private sealed class FailingWriter(Exception failure, int failures) : TextWriter
    {
        private readonly StringBuilder text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public int Attempts { get; private set; }

        public string Text => text.ToString();

        public override void Write(string? value)
        {
            if (++Attempts <= failures) throw failure;
            text.Append(value);
        }
    }
}
