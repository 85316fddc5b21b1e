using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Flows;

/// <summary>Names of the interfaces of this network namespace by index, as they are when it is made.</summary>
internal sealed class DeviceNames
{
    private readonly IReadOnlyDictionary<uint, string> names;

    /// <param name="read">The names by index; null: those of this network namespace.</param>
    public DeviceNames(Func<IReadOnlyDictionary<uint, string>>? read = null) => names = (read ?? Read)();

    /// <summary>It was there.</summary>
    public bool Has(uint index) => names.ContainsKey(index);

    /// <summary>"if7" for one that is gone; null for none (0).</summary>
    public string? Of(uint index) => index == 0 ? null : names.GetValueOrDefault(index) ?? $"if{index}";

    private static Dictionary<uint, string> Read()
    {
        try
        {
            using var reader = NetworkReader.Open();
            return reader.ReadLinks().ToDictionary(link => (uint)link.Index, link => link.Name);
        }
        catch (NetlinkException)
        {
            // Falls back to the index.
            return [];
        }
    }
}
