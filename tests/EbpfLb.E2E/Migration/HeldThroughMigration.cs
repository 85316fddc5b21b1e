using EbpfLb.E2E.Upgrades;

namespace EbpfLb.E2E.Migration;

/// <summary>Connections of pods to the ClusterIP and of the client to the NodePort, as many of each, of both families.</summary>
internal sealed class HeldThroughMigration(MigrationBed bed, int count) : IDisposable
{
    private readonly List<HeldConnections> all =
    [
        .. from family in new[] { Family.IPv4, Family.IPv6 }
           from part in new[] { (bed.PodPlace, MigrationBed.ToClusterIP(family)), (bed.OutsidePlace, bed.ToNodePort(family)) }
           select new HeldConnections(part.Item1, part.Item2, count / 2),
    ];

    public long Cut => all.Sum(h => h.Cut);

    /// <summary>Fails when one does not answer, or did not since they began.</summary>
    public void AskAll()
    {
        foreach (var held in all) held.AskAll();
        Assert.Equal(0, Cut);
    }

    public void Dispose()
    {
        foreach (var held in all) held.Dispose();
    }
}
