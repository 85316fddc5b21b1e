using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Upgrades;

/// <summary>What clients saw of upgrades.</summary>
/// <param name="Loads">Short connections and datagrams.</param>
/// <param name="Held">Connections held all the time.</param>
/// <param name="Cut">Of these, those that did not answer any more.</param>
/// <param name="Renamed">Of these, those whose getpeername() showed another address at some time.</param>
/// <param name="Moved">Answers that a UDP client had from another backend than before; connections of a client with session affinity that
/// went elsewhere.</param>
internal sealed record UpgradeReport(IReadOnlyList<LoadReport> Loads, long Held, long Cut, long Renamed, long Moved)
{
    public long Requests => Loads.Sum(load => load.Total);

    public long Failed => Loads.Sum(load => load.Failed + load.Foreign);

    public long Untrue => Renamed + Loads.Sum(load => load.BadPeer + load.BadSource);

    public bool IsClean => (Failed, Untrue, Cut, Moved) == (0, 0, 0, 0);

    /// <summary>Columns of docs/upgrades.md.</summary>
    public string Row => FormattableString.Invariant($"{Requests:N0} | {Failed} | {Held} | {Cut} | {Moved} | {Untrue}");

    public override string ToString()
        => $"{Requests} requests, {Failed} failed; {Held} held, {Cut} cut; {Moved} moved; {Untrue} "
            + $"wrong addresses\n{string.Join('\n', Loads.Where(load => !load.IsClean))}";
}
