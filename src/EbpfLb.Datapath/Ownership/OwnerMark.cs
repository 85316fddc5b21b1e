using System.Diagnostics;
using System.Runtime.CompilerServices;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Ownership;

/// <summary>
/// Says to the whole machine that a process owns an instance: a BPF map without a pin, which the kernel frees when the process ends,
/// however it ends. Maps are known by id in every mount, pid and network namespace, so that two BPF file systems hide nothing.
/// </summary>
internal sealed class OwnerMark : IDisposable
{
    private const string MapName = "lb_owner";

    /// <summary>Between making a map and writing to it there is nothing in it.</summary>
    private static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(1);

    private readonly BpfMap<uint, OwnerText> map;

    private OwnerMark(BpfMap<uint, OwnerText> map) => this.map = map;

    public uint Id => map.Info.Id;

    /// <exception cref="BpfException">EPERM: the process may not make maps.</exception>
    public static OwnerMark Create(InstanceOwner owner)
    {
        // LRU, as making one needs CAP_BPF even where anybody may make other maps: a mark cannot be forged without it.
        var map = new BpfMap<uint, OwnerText>(
            BpfMap.Create(new MapSpec(MapName, MapType.LruHash, sizeof(uint), OwnerText.Length, MaxEntries: 4)));
        try
        {
            OwnerText text = default;
            owner.ToBytes().CopyTo((Span<byte>)text);
            map.Update(0, text);
            return new OwnerMark(map);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>All marks of this machine, the oldest first; null: this process may not list maps (CAP_SYS_ADMIN).</summary>
    public static IReadOnlyList<(uint Id, InstanceOwner Owner)>? ReadAll()
    {
        try
        {
            List<(uint Id, InstanceOwner Owner)> found = [];
            foreach (var id in BpfMap.Ids())
                if (Read(id) is { } owner) found.Add((id, owner));
            return found;
        }
        catch (BpfException e) when (e.Errno is Errno.EPERM or Errno.EACCES)
        {
            return null;
        }
    }

    public void Dispose() => map.Dispose();

    private static InstanceOwner? Read(uint id)
    {
        try
        {
            using var found = BpfMap.OpenId(id);
            if (found.Name != MapName || found.Info.ValueSize != OwnerText.Length || found.Info.Type != MapType.LruHash) return null;
            using var typed = new BpfMap<uint, OwnerText>(found.Duplicate());
            var begin = Stopwatch.GetTimestamp();
            OwnerText text;
            while (!typed.TryLookup(0, out text))
            {
                if (Stopwatch.GetElapsedTime(begin) > LongestWrite) return null;
                Thread.Sleep(1);
            }
            Span<byte> bytes = text;
            return InstanceOwner.FromBytes(bytes[..Math.Max(0, bytes.IndexOf((byte)0))]);
        }
        catch (BpfException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }
    }

    [InlineArray(Length)]
    private struct OwnerText
    {
        /// <summary>A path has at most 4096 bytes, and few others belong to it.</summary>
        public const int Length = 8192;

        private byte first;
    }
}
