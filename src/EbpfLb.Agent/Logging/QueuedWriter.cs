using System.Collections.Concurrent;
using System.Text;

namespace EbpfLb.Agent.Logging;

/// <summary>
/// Lines for a reader that may stop reading, as a log collector that hangs: a full pipe blocks only the thread in here. Lines beyond
/// <paramref name="capacity"/> are dropped, as are those that cannot be written (a full disk), and the next one that gets through is
/// preceded by their number. Closing it writes what is queued, or gives up after a second.
/// </summary>
/// <param name="dropped">Makes a line of a number of dropped lines.</param>
internal sealed class QueuedWriter(TextWriter output, Func<int, string> dropped, int capacity = 4096) : TextWriter
{
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<string> lines = new(capacity);
    private readonly Lock starting = new();
    private Thread? writer;
    private int lost;

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(StringBuilder? value) => Write(value?.ToString());

    public override void Write(string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        lock (starting)
        {
            if (writer is null)
            {
                writer = new Thread(WriteAll) { IsBackground = true, Name = "log" };
                writer.Start();
            }
        }
        try
        {
            if (!lines.TryAdd(value)) Interlocked.Increment(ref lost);
        }
        catch (InvalidOperationException)
        {
            // Closed: a thread that outlives the log has something to add.
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lines.CompleteAdding();
            // A writer that hangs goes with the process.
            if (writer?.Join(LongestFlush) != false) lines.Dispose();
        }
        base.Dispose(disposing);
    }

    private void WriteAll()
    {
        foreach (var line in lines.GetConsumingEnumerable())
        {
            var missing = Interlocked.Exchange(ref lost, 0);
            try
            {
                if (missing > 0) output.Write(dropped(missing));
                missing = 0;
                output.Write(line);
                output.Flush();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nobody reads any more, or a disk has no room just now.
                Interlocked.Add(ref lost, missing + 1);
            }
        }
    }
}
