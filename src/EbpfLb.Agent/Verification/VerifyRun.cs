using EbpfLb.Model;

namespace EbpfLb.Agent.Verification;

/// <summary>What one comparison has come to so far.</summary>
internal sealed class VerifyRun
{
    private readonly List<ComparedElements> compared = [];
    private readonly List<Difference> differences = [];
    private readonly HashSet<Difference> repaired = [];
    private readonly HashSet<Difference> notProgrammed = [];

    /// <summary>Something could not be compared that could be at another time.</summary>
    public bool Failed { get; set; }

    public List<string> NotCompared { get; } = [];

    public void Add(IEnumerable<ComparedElements> looked, IEnumerable<Difference> found, IEnumerable<Difference> gone)
    {
        compared.AddRange(looked);
        differences.AddRange(found);
        repaired.UnionWith(gone);
    }

    public void AddNotProgrammed(ComparedElements looked, IEnumerable<Difference> found)
    {
        notProgrammed.UnionWith(found);
        Add([looked], notProgrammed, []);
    }

    public VerificationResult ToResult(TimeSpan duration) => new(compared, differences, repaired, NotCompared, duration, !Failed)
    {
        NotProgrammed = notProgrammed,
    };
}
