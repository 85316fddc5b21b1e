using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>What one sweep of one map saw and did.</summary>
/// <param name="Entries">Left when it ended, as far as it saw them; those that came meanwhile may be missing.</param>
/// <param name="Expired">Flows that were at the end of their life time.</param>
/// <param name="Shrunk">Flows given up before, because the map is nearly full.</param>
/// <param name="Orphans">Entries without their other half that nothing rebuilt in time.</param>
/// <param name="Work">Time it worked.</param>
/// <param name="Duration">Time it took, with the pauses.</param>
public sealed record SweepReport(
    IpFamily Family,
    string Map,
    int Entries,
    int Capacity,
    IReadOnlyDictionary<LbCtPhase, int> Flows,
    int Expired,
    int Shrunk,
    int Orphans,
    TimeSpan Work,
    TimeSpan Duration)
{
    /// <summary>0 to 1.</summary>
    public double Fill => Capacity == 0 ? 0 : (double)Entries / Capacity;
}
