using EbpfLb.Model;
using EbpfLb.Planning.Encoding;

namespace EbpfLb.Planning.Mirrors;

/// <summary>
/// Which source ranges the tables hold, exactly, whatever plan or failure put them there; and which of them only wait for a grace period.
/// </summary>
/// <param name="maxServices">Ranges of ids from here on are nobody's.</param>
internal sealed class SourceMirror(int maxServices)
{
    private static readonly HashSet<SourceKey> None = [];

    private readonly Dictionary<uint, HashSet<SourceKey>> byService = [];
    private readonly HashSet<SourceKey> dying = [];
    private readonly int[] counts = new int[2];

    public IEnumerable<SourceKey> All => byService.Values.SelectMany(keys => keys);

    /// <summary>Ranges of a service id, also of one that is about to be given back; of 0 those that are nobody's.</summary>
    public IReadOnlySet<SourceKey> Of(uint service) => byService.GetValueOrDefault(service, None);

    /// <summary>Those of <see cref="Of"/> that no batch is going to remove.</summary>
    public SourceKey[] Alive(uint service) => dying.Count == 0 ? [.. Of(service)] : [.. Of(service).Except(dying)];

    public int Count(IpFamily family) => counts[Index(family)];

    /// <summary>The id that a range belongs to; 0 for nobody's.</summary>
    public uint OwnerOf(SourceKey key) => key.IsSound && key.ServiceId < (uint)maxServices ? key.ServiceId : 0;

    /// <summary>It was written, or found.</summary>
    public void Add(SourceKey key)
    {
        var owner = OwnerOf(key);
        if (!byService.TryGetValue(owner, out var keys)) byService[owner] = keys = [];
        if (keys.Add(key)) counts[Index(key.Table)]++;
    }

    /// <summary>It was deleted, or is missing.</summary>
    public void Remove(SourceKey key)
    {
        dying.Remove(key);
        var owner = OwnerOf(key);
        if (!byService.TryGetValue(owner, out var keys) || !keys.Remove(key)) return;
        counts[Index(key.Table)]--;
        if (keys.Count == 0) byService.Remove(owner);
    }

    public bool IsMarked(SourceKey key) => dying.Contains(key);

    /// <summary>They go with a batch, unless a plan wants them again.</summary>
    public void MarkForRemoval(IEnumerable<SourceKey> keys) => dying.UnionWith(keys);

    /// <summary>They are wanted again: the batch that names them leaves them.</summary>
    public void Unmark(IEnumerable<SourceKey> keys) => dying.ExceptWith(keys);

    private static int Index(IpFamily family) => family == IpFamily.IPv4 ? 0 : 1;
}
