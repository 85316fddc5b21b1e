using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Reflector;

/// <summary>A sink that tells what it has kept.</summary>
internal interface IComparedSink<T> : IReflectorSink<T>
    where T : class
{
    /// <summary>What is kept and what is listed, where the two differ; null for what is not there.</summary>
    IReadOnlyDictionary<ObjectName, (T? Kept, T? Listed)> Compare(IReadOnlyList<T> items);
}
