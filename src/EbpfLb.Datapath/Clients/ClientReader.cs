using EbpfLb.Datapath.Namespaces;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Clients;

/// <summary>Reads the addresses of all network namespaces but one.</summary>
public sealed class ClientReader(INetworkNamespaces namespaces)
{
    /// <summary>Cookie -> addresses; null where they could not be read, so that what was known of it stays.</summary>
    /// <param name="hostCookie">The node's own namespace, which is left out.</param>
    /// <exception cref="NamespaceException">The kernel does not let this process into namespaces.</exception>
    public IReadOnlyDictionary<ulong, ClientAddresses?> Read(ulong hostCookie)
    {
        var others = namespaces.Enumerate().Where(entry => entry.Cookie != 0 && entry.Cookie != hostCookie);
        var found = new Dictionary<ulong, ClientAddresses?>();
        foreach (var (entry, addresses) in namespaces.RunInEach(others, _ => Read())) found[entry.Cookie] = addresses;
        return found;
    }

    private static ClientAddresses? Read()
    {
        try
        {
            using var reader = NetworkReader.Open();
            return ClientAddresses.Of(reader.Read());
        }
        catch (NetlinkException)
        {
            return null;
        }
    }
}
