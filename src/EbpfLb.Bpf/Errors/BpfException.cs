using System.Runtime.InteropServices;

namespace EbpfLb.Bpf;

/// <summary>A BPF operation failed. Decide on <see cref="Errno"/>; the text is for people.</summary>
public class BpfException : Exception
{
    /// <summary>Creates the exception and composes its message.</summary>
    /// <param name="errno">What the kernel or libbpf answered.</param>
    /// <param name="operation">What was tried, as a verb phrase: "update map".</param>
    /// <param name="objectName">The map, program, link or path that it was tried on.</param>
    /// <param name="advice">What to do next; null: a general advice for the number, if there is one.</param>
    public BpfException(Errno errno, string operation, string objectName, string? advice = null)
        : base(Compose(errno, operation, objectName, advice))
    {
        Errno = errno;
        Operation = operation;
        ObjectName = objectName;
    }

    internal BpfException(string message, Errno errno, string operation, string objectName)
        : base(message)
    {
        Errno = errno;
        Operation = operation;
        ObjectName = objectName;
    }

    /// <summary>The error number.</summary>
    public Errno Errno { get; }

    /// <summary>What was tried.</summary>
    public string Operation { get; }

    /// <summary>What it was tried on.</summary>
    public string ObjectName { get; }

    /// <summary>The C name of the number ("EPERM"), or the number itself for one that has no name here.</summary>
    public string ErrnoName => Errno.ToString();

    /// <summary>
    /// The message in one line, for logs and status: what was tried, the error, and the last words of whoever refused it.
    /// </summary>
    public virtual string Summary => Message;

    /// <summary>A map refused a new entry because it holds max_entries already (E2BIG of hashes, ENOSPC of LPM tries).</summary>
    public bool IsMapFull => Errno is Errno.E2BIG or Errno.ENOSPC;

    private static string Compose(Errno errno, string operation, string objectName, string? advice)
    {
        var number = errno == Errno.None ? "" : $": {errno} ({(int)errno}, {Describe(errno)})";
        var next = advice ?? GeneralAdvice(errno);
        return $"{operation} {objectName}{number}{(next is null ? "" : $"; {next}")}";
    }

    private static string Describe(Errno errno) => errno switch
    {
        Errno.ENOTSUPP => "not supported by this kernel",
        Errno.LibbpfElf => "broken ELF file",
        Errno.LibbpfFormat => "not a BPF object",
        Errno.LibbpfReloc => "relocation failed",
        Errno.LibbpfVerify => "refused by the verifier",
        _ => Marshal.GetPInvokeErrorMessage((int)errno),
    };

    private static string? GeneralAdvice(Errno errno) => errno switch
    {
        Errno.EPERM when !Privileges.IsRoot => Privileges.Advice,
        Errno.EPERM => PermissionAdvice.Get(),
        Errno.E2BIG => "the map is full or the element too large: raise max_entries",
        Errno.ENOMEM => "the kernel is out of memory (or the memory limit of this cgroup is): lower max_entries",
        Errno.EMFILE => "raise the limit of open files (ulimit -n)",
        _ => null,
    };
}

/// <summary>A .NET type does not have the size that a map or knob has: program and object were built from different headers.</summary>
public sealed class BpfLayoutException(string operation, string objectName, string difference)
    : BpfException(
        $"{operation} {objectName}: {difference}; rebuild the BPF object and the types that are generated from it together",
        Errno.None, operation, objectName);
