using EbpfLb.Model;
using EbpfLb.Planning.Verification;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Finds what a test puts in, until it has been adopted and a round was run.</summary>
internal sealed class FakeVerification : ITableVerification
{
    public List<Difference> Differences { get; } = [];

    /// <summary>Threads that confirmed.</summary>
    public int Confirmed { get; private set; }

    public IReadOnlyList<ComparedElements> Compared { get; set; } = [new(VerifyStage.Kernel, "lb_services4", 3)];

    public IEnumerable<int> Scan() => [1, 2];

    public IReadOnlyList<Difference> Confirm(bool adopt)
    {
        Confirmed++;
        return [.. Differences];
    }
}
