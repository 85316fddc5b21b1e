using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Reflector;

/// <summary>Takes what a reflector finds. Called by one reflector, one call at a time.</summary>
internal interface IReflectorSink<T>
    where T : class
{
    /// <summary>The complete collection: what is not in it is gone.</summary>
    void Replace(IReadOnlyList<T> items);

    /// <summary>One change; never a bookmark.</summary>
    void Apply(WatchEvent<T> change);

    /// <summary>The server answered: the collection is up to date as of now.</summary>
    void Contact();

    /// <summary>The server could not be asked; it will be tried again.</summary>
    void Failed(ApiException failure);
}

/// <summary>A sink that tells what it has kept.</summary>
internal interface IComparedSink<T> : IReflectorSink<T>
    where T : class
{
    /// <summary>What is kept and what is listed, where the two differ; null for what is not there.</summary>
    IReadOnlyDictionary<ObjectName, (T? Kept, T? Listed)> Compare(IReadOnlyList<T> items);
}
