using System.Runtime.InteropServices;

namespace EbpfLb.Datapath.Namespaces;

/// <summary>The kernel refused something about a network namespace.</summary>
/// <param name="errno">What it answered.</param>
public class NamespaceException(int errno, string operation)
    : Exception($"{operation}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); "
        + "CAP_SYS_ADMIN is needed, and for namespaces of pods hostPID")
{
    /// <summary>The error number.</summary>
    public int Errno => errno;
}

/// <summary>The network namespace is not there any more; its sockets and addresses went with it.</summary>
public sealed class NamespaceGoneException(NamespaceEntry entry) : Exception($"the network namespace {entry} is gone");
