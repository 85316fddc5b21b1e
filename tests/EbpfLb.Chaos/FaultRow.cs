using System.Diagnostics;
using System.Globalization;
using EbpfLb.Chaos.Faults;

namespace EbpfLb.Chaos;

/// <summary>What came of a fault, as a line of the table that `make chaos` prints.</summary>
/// <param name="Failed">It was not overcome; with what is to be said of it.</param>
internal sealed record FaultRow(string Text, Exception? Failed = null)
{
    public const string Heading = "| fault | seconds | until all was right again | held connections lost | as it should be |\n"
        + "|---|---|---|---|---|";

    /// <summary>This machine could not let it happen.</summary>
    public bool IsNotRun { get; private init; }

    public long Lost { get; private init; }

    /// <param name="suffer">Lets it happen; how long it took until all was right again, and how many connections were lost.</param>
    public static FaultRow Of(Fault fault, Func<Fault, (TimeSpan Took, long Lost)> suffer)
    {
        var watch = Stopwatch.StartNew();
        string Seconds() => watch.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        try
        {
            var (took, lost) = suffer(fault);
            return new(string.Create(CultureInfo.InvariantCulture,
                $"| {fault} | {Seconds()} | {took.TotalSeconds:0.0} s | {lost} of {Bed.HeldConnections} | yes |")) { Lost = lost };
        }
        catch (FaultNotRunException e)
        {
            return new($"| {fault} | - | - | - | not run: {e.Message} |") { IsNotRun = true };
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException or IOException)
        {
            return new($"| {fault} | {Seconds()} | - | - | NO |", e);
        }
    }
}
