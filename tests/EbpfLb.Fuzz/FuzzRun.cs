using System.Diagnostics;

namespace EbpfLb.Fuzz;

/// <summary>Gives a parser one input after the other.</summary>
internal sealed class FuzzRun(FuzzTarget target, int seed)
{
    /// <summary>A parser that takes this long for an input of some kilobytes hangs.</summary>
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(20);

    /// <summary>More of one kind say nothing new.</summary>
    private const int MostFindings = 8;

    private const int AllocatedPerByte = 20_000;

    /// <summary>What a parser may keep of all inputs, pools of texts included.</summary>
    private const long MostKept = 64 << 20;

    private readonly FuzzReport report = new(target.Name, seed);
    private readonly HashSet<string> known = [];
    private readonly Mutation mutation = new(target.Corpus, target.Words, target.Longest);
    private (int Index, long Started) current;

    public FuzzReport Run(int count)
    {
        using var watchdog = new Timer(_ => EndIfItHangs(), null, Hang, Hang);
        // Once, so that what the first input makes for all is not its own.
        target.Try(target.Corpus[0], new Random(seed), new FuzzReport(target.Name, seed));
        var kept = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < count && report.Findings.Count < MostFindings; i++) TryOne(i);
        report.Duration = Stopwatch.GetElapsedTime(began);
        report.Kept = GC.GetTotalMemory(forceFullCollection: true) - kept;
        if (report.Kept > MostKept) Add(report.Inputs, [], $"{report.Kept} bytes are still held after all inputs");
        return report;
    }

    /// <summary>The input of this number, whatever came before it.</summary>
    public byte[] InputOf(int index) => mutation.Make(RandomOf(index));

    private Random RandomOf(int index) => new(unchecked(seed * 1_000_003 + index));

    private void TryOne(int index)
    {
        var random = RandomOf(index);
        var input = mutation.Make(random);
        report.Inputs++;
        var began = Stopwatch.GetTimestamp();
        lock (report) current = (index, began);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            if (target.Try(input, random, report) is { } broken) Add(index, input, broken);
        }
        catch (Exception e)
        {
            Add(index, input, e.ToString(), $"{e.GetType()} {new StackTrace(e).GetFrame(0)?.GetMethod()}");
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var took = Stopwatch.GetElapsedTime(began);
        if (took > report.Longest) report.Longest = took;
        report.MostAllocated = Math.Max(report.MostAllocated, allocated);
        if (allocated > target.MostAllocated + (long)AllocatedPerByte * input.Length)
            Add(index, input, $"{allocated} bytes were allocated for an input of {input.Length}", "allocated");
    }

    private void Add(int index, byte[] input, string what, string? kind = null)
    {
        if (known.Add(kind ?? what)) report.Findings.Add(new FuzzFinding(target.Name, seed, index, input, what));
    }

    // What hangs cannot be ended otherwise.
    private void EndIfItHangs()
    {
        int index;
        lock (report)
        {
            if (current.Started == 0 || Stopwatch.GetElapsedTime(current.Started) < Hang) return;
            index = current.Index;
        }
        var finding = new FuzzFinding(target.Name, seed, index, InputOf(index), $"hangs for {Hang}");
        Environment.FailFast($"{finding}\ninput: {finding.Save()}");
    }
}
