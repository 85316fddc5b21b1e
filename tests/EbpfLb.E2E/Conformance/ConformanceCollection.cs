namespace EbpfLb.E2E.Conformance;

/// <summary>Two agents take longer to start than most of these tests: all share one cluster.</summary>
[CollectionDefinition]
public sealed class ConformanceCollection : ICollectionFixture<ConformanceCluster>;
