namespace EbpfLb.Kubernetes.Wire;

/// <summary>
/// Shares equal values that hold a heap object (port lists, hints), bounded like <see cref="StringPool"/>.
/// Safe for several threads.
/// </summary>
/// <param name="slots">How many values are remembered at most; a power of two.</param>
internal sealed class SharedValues<T>(int slots = 1024) where T : IEquatable<T>
{
    private readonly (bool Used, T Value)[] table = new (bool, T)[slots];
    private readonly Lock gate = new();

    /// <summary>Returns an equal value seen before, or this one.</summary>
    public T Share(T value)
    {
        var index = value.GetHashCode() & (table.Length - 1);
        lock (gate)
        {
            ref var slot = ref table[index];
            if (slot.Used && slot.Value.Equals(value)) return slot.Value;
            slot = (true, value);
            return value;
        }
    }
}
