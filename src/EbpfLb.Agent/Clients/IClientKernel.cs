using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Node;

namespace EbpfLb.Agent.Clients;

/// <summary>The part of the kernel side that knows the addresses of network namespaces. From any thread.</summary>
internal interface IClientKernel
{
    /// <summary>Tells the programs; null where an address is not known this time.</summary>
    NodeResult ApplyClients(IReadOnlyDictionary<ulong, ClientAddresses?> clients);
}
