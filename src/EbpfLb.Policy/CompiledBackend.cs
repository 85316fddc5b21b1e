namespace EbpfLb.Policy;

/// <summary>A backend of a service port, and the lists it is in; in none when it only keeps what it has.</summary>
public readonly record struct CompiledBackend(BackendAddress Address, BackendLists Lists)
{
    public override string ToString() => $"{Address} ({Lists})";
}
