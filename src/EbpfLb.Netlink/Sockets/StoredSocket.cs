namespace EbpfLb.Netlink.Sockets;

/// <summary>A socket that a BPF map of socket storage has a value for.</summary>
/// <param name="Identity">Its ends, its device and its cookie.</param>
/// <param name="Value">The map's value.</param>
public sealed record StoredSocket(SocketIdentity Identity, byte[] Value);
