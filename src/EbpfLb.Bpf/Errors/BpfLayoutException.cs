namespace EbpfLb.Bpf;

/// <summary>A .NET type does not have the size that a map or knob has: program and object were built from different headers.</summary>
public sealed class BpfLayoutException(string operation, string objectName, string difference)
    : BpfException(
        $"{operation} {objectName}: {difference}; rebuild the BPF object and the types that are generated from it together",
        Errno.None, operation, objectName);
