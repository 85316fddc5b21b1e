using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Ownership;

/// <summary>Which process owns an instance, as it says itself.</summary>
/// <param name="Pid">In its own pid namespace.</param>
/// <param name="PidNamespace">"pid:[4026531836]".</param>
/// <param name="NetNamespace">"net:[4026531840]"; the devices that it puts programs at are there.</param>
/// <param name="Cgroup">Id of the cgroup that its socket hooks are for; 0: not known.</param>
/// <param name="Since">UTC.</param>
/// <param name="RunDirectory">Where its control socket is, as it sees the file system.</param>
public sealed record InstanceOwner(
    string Instance, int Pid, string PidNamespace, string NetNamespace, ulong Cgroup, DateTimeOffset Since, string RunDirectory)
{
    /// <summary>This process as the owner of an instance.</summary>
    public static InstanceOwner OfThisProcess(DatapathOptions options, string runDirectory, DateTimeOffset now) => new(
        options.Instance, Environment.ProcessId, NamespaceLink("pid"), NamespaceLink("net"), CgroupOf(options), now, runDirectory);

    /// <summary>Both would write to the same hooks, wherever their pins are.</summary>
    public bool ConflictsWith(InstanceOwner other) => Instance == other.Instance
        && (NetNamespace == other.NetNamespace || (Cgroup != 0 && Cgroup == other.Cgroup));

    /// <summary>"pid 4711, since 2026-11-28T01:02:03Z, run directory /run/ebpflb".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"pid {Pid}{(PidNamespace == NamespaceLink("pid") ? "" : " of another pid namespace")}, "
            + $"since {Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, run directory {RunDirectory}");

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, OwnerJson.Default.InstanceOwner);

    internal static InstanceOwner? FromBytes(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, OwnerJson.Default.InstanceOwner);
        }
        catch (JsonException)
        {
            // Of another version, or not of this product at all.
            return null;
        }
    }

    private static string NamespaceLink(string kind) => new FileInfo($"/proc/self/ns/{kind}").LinkTarget ?? "";

    /// <summary>Nothing is mounted for it: the cgroup is only to be recognized.</summary>
    private static ulong CgroupOf(DatapathOptions options)
    {
        try
        {
            return (options.CgroupRoot ?? CgroupFileSystem.Find()) is { } root ? CgroupFileSystem.IdOf(root) : 0;
        }
        catch (BpfException)
        {
            return 0;
        }
    }
}

[JsonSerializable(typeof(InstanceOwner))]
internal sealed partial class OwnerJson : JsonSerializerContext;
